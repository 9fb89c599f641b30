import type { Clock, ContentRoot, NodeId } from '@hypermesh/core';
import type { FetchOptions, FetchProgress, FetchResult, Served } from '@hypermesh/stoq/content';

/** Content that came here, or was to. Sizes in bytes; `asked` are the members that are asked at this moment. */
export interface TransferFacts {
  readonly id: number;
  readonly root: ContentRoot;
  readonly state: 'active' | 'done' | 'failed' | 'cancelled';
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly bytes: number;
  readonly bytesHere: number;
  readonly bytesMoved: number;
  readonly bytesReused: number;
  /** Over the last seconds while it is active, over all of it afterwards. */
  readonly rateBps: number;
  readonly peers: readonly { readonly node: NodeId; readonly bytes: number }[];
  readonly asked: number;
  readonly chunksRefused: number;
  readonly reason?: string;
}

/** What went out to one member since this node started. */
export interface UploadFacts {
  readonly node: NodeId;
  readonly bytes: number;
  readonly chunks: number;
  /** Manifests that were asked for: how often a fetch began here. */
  readonly fetches: number;
  readonly lastMs: number;
  readonly rateBps: number;
}

/** One transfer under way, to be told how it goes. */
export interface NotedTransfer {
  progress(progress: FetchProgress): void;
  ended(result: {
    readonly bytesMoved: number;
    readonly rejectedChunks: number;
    readonly peers: readonly { readonly id: string; readonly bytes: number }[];
    readonly bytes?: number;
    readonly bytesReused?: number;
  }): void;
  failed(reason: string, isCancelled: boolean): void;
}

/** Content that moves between this node and others, as it happens: active transfers, the last hundred, and what is served. */
export interface Transfers {
  begin(root: ContentRoot): NotedTransfer;
  served(served: Served): void;
  active(): readonly TransferFacts[];
  recent(): readonly TransferFacts[];
  uploads(): readonly UploadFacts[];
}

/** Has a fetch noted from its beginning to its end. */
export async function noteFetch(
  transfers: Transfers | undefined,
  root: ContentRoot,
  options: {
    readonly signal: AbortSignal;
    readonly onProgress?: FetchOptions['onProgress'] | undefined;
  },
  fetch: (onProgress: (progress: FetchProgress) => void) => Promise<FetchResult>,
): Promise<FetchResult> {
  const { signal, onProgress } = options;
  const noted = transfers?.begin(root);
  try {
    const result = await fetch((progress) => {
      noted?.progress(progress);
      onProgress?.(progress);
    });
    if (result.ok) noted?.ended(result);
    else noted?.failed(result.reason, signal.aborted);
    return result;
  } catch (error) {
    noted?.failed(error instanceof Error ? error.message : String(error), signal.aborted);
    throw error;
  }
}

const keptTransfers = 100;
/** Members that uploads are told of; more than a mesh of one genesis has. */
const mostUploaders = 1_024;
/** One transfer tells of itself at most so often. */
const tellEveryMs = 250;

/** Makes the table, empty. `onChange` hears of each transfer once bytes move, a few times a second, and when it ends. */
export function createTransfers(parts: {
  readonly clock: Clock;
  onChange(transfer: TransferFacts): void;
}): Transfers {
  const { clock, onChange } = parts;
  const active = new Map<number, () => TransferFacts>();
  const recent: TransferFacts[] = [];
  const uploads = new Map<NodeId, { facts: Omit<UploadFacts, 'rateBps'>; readonly rate: Rate }>();
  let last = 0;

  return {
    begin(root) {
      last += 1;
      const id = last;
      const startedMs = clock.nowMs();
      const sinceMs = clock.monotonicMs();
      const rate = createRate(clock);
      let facts: TransferFacts = {
        ...{ id, root, state: 'active', startedMs, endedMs: null, bytes: 0, bytesHere: 0, bytesMoved: 0 },
        ...{ bytesReused: 0, rateBps: 0, peers: [], asked: 0, chunksRefused: 0 },
      };
      let toldMs = Number.NEGATIVE_INFINITY;
      const present = () => ({ ...facts, rateBps: facts.state === 'active' ? rate.bps() : facts.rateBps });
      active.set(id, present);
      const close = (end: Partial<TransferFacts>) => {
        if (!active.delete(id)) return;
        // What was here already is no transfer.
        if (end.state === 'done' && end.bytesMoved === 0) return;
        const seconds = Math.max(0.001, (clock.monotonicMs() - sinceMs) / 1000);
        const bytesMoved = end.bytesMoved ?? facts.bytesMoved;
        const rateBps = Math.round(bytesMoved / seconds);
        facts = { ...facts, endedMs: clock.nowMs(), asked: 0, ...end, rateBps };
        recent.unshift(facts);
        if (recent.length > keptTransfers) recent.pop();
        onChange(facts);
      };
      return {
        progress({ bytes, bytesHere, bytesMoved, peers: asked, bytesBy, rejectedChunks: chunksRefused }) {
          rate.add(bytesMoved - facts.bytesMoved);
          const nowMs = clock.monotonicMs();
          const bytesReused = Math.max(0, bytesHere - sum(bytesBy.values()));
          facts = { ...facts, bytes, bytesHere, bytesMoved, bytesReused, asked, chunksRefused };
          if (bytesMoved === 0 || nowMs - toldMs < tellEveryMs) return;
          toldMs = nowMs;
          facts = {
            ...facts,
            peers: [...bytesBy].map(([node, moved]) => ({ node: node as NodeId, bytes: moved })),
          };
          onChange(present());
        },
        ended: ({
          bytesMoved,
          rejectedChunks,
          peers,
          bytes = facts.bytes,
          bytesReused = facts.bytesReused,
        }) =>
          close({
            ...{
              state: 'done',
              bytesMoved,
              chunksRefused: rejectedChunks,
              bytes,
              bytesHere: bytes,
              bytesReused,
            },
            peers: peers.map((peer) => ({ node: peer.id as NodeId, bytes: peer.bytes })),
          }),
        failed: (reason, isCancelled) => close({ state: isCancelled ? 'cancelled' : 'failed', reason }),
      };
    },
    served({ peer, part, bytes }) {
      const node = peer.id as NodeId;
      const known = uploads.get(node);
      if (known === undefined && uploads.size >= mostUploaders) return;
      const { facts, rate } = known ?? {
        facts: { node, bytes: 0, chunks: 0, fetches: 0, lastMs: 0 },
        rate: createRate(clock),
      };
      rate.add(bytes);
      const next = {
        node,
        bytes: facts.bytes + bytes,
        chunks: facts.chunks + (part === 'chunk' ? 1 : 0),
        fetches: facts.fetches + (part === 'manifest' ? 1 : 0),
        lastMs: clock.nowMs(),
      };
      uploads.set(node, { facts: next, rate });
    },
    active: () => [...active.values()].map((present) => present()).reverse(),
    recent: () => recent,
    uploads: () => [...uploads.values()].map(({ facts, rate }) => ({ ...facts, rateBps: rate.bps() })),
  };
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

interface Rate {
  add(bytes: number): void;
  bps(): number;
}

const slotMs = 500;
const slots = 20;

/** Bytes a second over the last ten seconds, or since it began where that is less: half-second slots. */
function createRate(clock: Clock): Rate {
  const counted = new Float64Array(slots);
  const startedMs = clock.monotonicMs();
  let at = Math.floor(startedMs / slotMs);
  const advance = () => {
    const now = Math.floor(clock.monotonicMs() / slotMs);
    for (let slot = Math.max(at + 1, now - slots + 1); slot <= now; slot += 1) counted[slot % slots] = 0;
    at = now;
  };
  return {
    add(bytes) {
      advance();
      counted[at % slots] = (counted[at % slots] ?? 0) + bytes;
    },
    bps() {
      advance();
      const overMs = Math.min(slots * slotMs, Math.max(slotMs, clock.monotonicMs() - startedMs));
      return Math.round((counted.reduce((total, bytes) => total + bytes, 0) * 1000) / overMs);
    },
  };
}
