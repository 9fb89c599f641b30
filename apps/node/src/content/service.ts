import {
  type Clock,
  type ContentRoot,
  hasCode,
  type Log,
  type Metrics,
  type NodeId,
  silentMetrics,
} from '@hypermesh/core';
import type { Peer, StoqNode } from '@hypermesh/stoq';
import {
  type ContentSource,
  chunkIdOf,
  createBans,
  type Damage,
  type DiskStore,
  type FetchProgress,
  type FetchReason,
  fetchContent,
  loadManifest,
  type Published,
  publish,
  readContent,
  type ScrubReport,
  scrub,
} from '@hypermesh/stoq/content';
import { NodeError } from '../errors.ts';
import type { AddressBook } from '../mesh/addresses.ts';
import { type Peers, wait } from '../mesh/peers.ts';
import { type Intake, type Lack, noRoom } from '../standing/intake.ts';
import { type DiscoveryStatus, openFinder } from './finder.ts';
import { defaultHoldLimits, type HoldLimits, replicateTo, serveHolding } from './holding.ts';
import { createPinning } from './pinning.ts';
import { sourcesOf } from './sources.ts';
import { noteFetch, type Transfers } from './transfers.ts';

/** What bringing content here took. */
export interface ContentFetched {
  readonly size: number;
  readonly chunks: number;
  readonly bytes: number;
  /** Bytes over the wire, the manifest among them. */
  readonly bytesMoved: number;
  /** Bytes that were here: of other versions, or of a fetch that was cut short. */
  readonly bytesReused: number;
  readonly rejectedChunks: number;
  /** Who brought how much, over what. */
  readonly peers: readonly {
    readonly node: NodeId;
    readonly bytes: number;
    readonly carrier: string;
    readonly kem: string;
  }[];
}

/** What the content service says of itself. */
export interface ContentStatus {
  readonly discovery: DiscoveryStatus;
  readonly roots: number;
  readonly bytes: number;
  readonly lastScrub?: ScrubReport;
}

/** Options of bringing content here. */
export interface FetchContentOptions {
  readonly signal?: AbortSignal;
  /** Default 1 GiB. */
  readonly maxBytes?: number;
  /** Members to ask first. */
  readonly hints?: readonly NodeId[];
  /** Hashes what is here too, and fetches anew what is damaged. */
  readonly recheck?: boolean;
  readonly onProgress?: (progress: FetchProgress) => void;
}

/** Content on this node and on others: kept whole, fetched from whoever holds it, repaired. */
export interface ContentService extends AsyncDisposable {
  /** Cuts, stores durably, pins and announces. */
  put(source: ContentSource, options?: { readonly signal?: AbortSignal }): Promise<Published>;
  /** Whether every chunk of the root is here. */
  has(root: ContentRoot): Promise<boolean>;
  /**
   * The bytes of a root that is here, each chunk hashed again; what is damaged is mended on the way. Throws StoqError
   * `stoq/content-missing` and `stoq/content-corrupt` where neither parity nor another member has what is needed.
   */
  get(
    root: ContentRoot,
    options?: { readonly offset?: number; readonly length?: number; readonly signal?: AbortSignal },
  ): AsyncGenerator<Uint8Array, void, undefined>;
  /**
   * Brings a root here from all members that hold it, and pins it; resumes and repairs what is here in part. Throws `node/refused` for what is
   * wrong or too large, and `node/not-found` where nobody has all of it.
   */
  fetch(root: ContentRoot, options?: FetchContentOptions): Promise<ContentFetched>;
  /** Has further members keep a root that is here; resolves when it is on their disks. Throws `node/too-few-copies`. */
  replicate(
    root: ContentRoot,
    copies: number,
    options?: {
      readonly signal?: AbortSignal;
      readonly avoid?: readonly NodeId[];
      readonly prefer?: readonly NodeId[];
    },
  ): Promise<readonly NodeId[]>;
  /** Members that say they hold it, this one not among them; none where discovery is off. */
  holders(root: ContentRoot, signal?: AbortSignal): AsyncGenerator<NodeId, void, undefined>;
  pin(root: ContentRoot): Promise<void>;
  /** Lets the garbage collector have it, and its parity go. */
  unpin(root: ContentRoot): Promise<void>;
  status(): ContentStatus;
  /** Hashes everything again; damaged chunks come back from parity or from other holders, where they can. */
  scrub(signal?: AbortSignal): Promise<ScrubReport>;
}

/** Parity of what is here, as far as this service needs it. */
export interface AtRest {
  protect(root: ContentRoot, signal?: AbortSignal): Promise<unknown>;
  repair(damage: Damage, signal?: AbortSignal): Promise<{ readonly left: readonly unknown[] }>;
  scrub(signal?: AbortSignal): Promise<unknown>;
  forget(root: ContentRoot): Promise<void>;
}

/** What the service is made of. */
export interface ContentParts {
  readonly self: NodeId;
  readonly stoq: StoqNode;
  readonly store: DiskStore;
  readonly peers: Peers;
  readonly book: AddressBook;
  /** Every member of the mesh, this one among them. */
  members(): Iterable<NodeId>;
  /** Secret of the discovery host; without one discovery is off. */
  readonly discoverySeed?: Uint8Array;
  readonly atRest?: AtRest;
  /** Hears of everything that comes here. */
  readonly transfers?: Transfers;
  readonly limits?: HoldLimits;
  /** Whether further content is taken; without it all is. */
  readonly intake?: Intake;
  readonly clock: Clock;
  readonly log: Log;
  /** Counts what is published, fetched and scrubbed; by default nobody does. */
  readonly metrics?: Metrics;
}

const maxContentBytes = 1024 ** 3;
const scrubEveryMs = 3_600_000;
/** The first scrub leaves a starting node alone for a moment. */
const firstScrubMs = 10_000;

/** Opens the service: serves members' wishes, announces what is here, and scrubs it now and every hour. */
export async function createContentService(parts: ContentParts): Promise<ContentService> {
  const { self, stoq, store, peers, book, clock, log, atRest, limits = defaultHoldLimits } = parts;
  const { metrics = silentMetrics } = parts;
  const stopping = new AbortController();
  const bans = createBans();
  const pinning = createPinning(store);
  const members = () => [...parts.members()];
  const finder = await openFinder({
    self,
    stoq,
    book,
    isMember: (node) => members().includes(node),
    log,
    seed: parts.discoverySeed,
  });
  const background = new Set<Promise<void>>();
  let usage = { roots: 0, bytes: 0 };
  let lastScrub: ScrubReport | undefined;

  /** Work that nobody waits for but the end of the service. */
  function inBackground(what: string, work: () => Promise<unknown>): void {
    const running: Promise<void> = work()
      .then(() => undefined)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) log.warn(what, { message: String(error) });
      })
      .finally(() => background.delete(running));
    background.add(running);
  }

  const withStop = (signal: AbortSignal | undefined) =>
    signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal]);

  function arrived(root: ContentRoot): void {
    finder.announce(root);
    inBackground('content.usage-unknown', async () => {
      usage = await store.usage();
    });
    if (atRest !== undefined) {
      inBackground('content.not-protected', () => atRest.protect(root, stopping.signal));
    }
  }

  async function bring(root: ContentRoot, options: FetchContentOptions): Promise<ContentFetched> {
    const signal = withStop(options.signal);
    const { hints = [], maxBytes = maxContentBytes, recheck = false, onProgress } = options;
    const met = new Map<string, Peer>();
    const done = new AbortController();
    const until = AbortSignal.any([signal, done.signal]);
    async function* sources(): AsyncGenerator<Peer, void, undefined> {
      for await (const peer of sourcesOf({ self, peers, finder, members, log }, root, {
        hints,
        signal: until,
      })) {
        met.set(peer.id, peer);
        yield peer;
      }
    }
    try {
      const result = await noteFetch(parts.transfers, root, { signal, onProgress }, (hear) =>
        fetchContent(sources(), root, store, {
          signal,
          maxBytes,
          recheck,
          bans,
          clock,
          metrics,
          onProgress: hear,
        }),
      );
      for (const { provider, reason } of result.faults)
        log.debug('content.fault', { root, provider, reason });
      if (result.ok) {
        return {
          ...result,
          peers: result.peers.map(({ id, bytes }) => ({
            node: id as NodeId,
            bytes,
            carrier: met.get(id)?.security.carrier ?? '',
            kem: met.get(id)?.security.kem ?? '',
          })),
        };
      }
      signal.throwIfAborted();
      throw failure(root, result.reason, result.provider);
    } finally {
      done.abort();
    }
  }

  function fetch(root: ContentRoot, options: FetchContentOptions = {}): Promise<ContentFetched> {
    return pinning.whilePinned(root, async (wasPinned) => {
      // What is here in part already is mended whatever room there is.
      if (!wasPinned) parts.intake?.demand();
      const fetched = await bring(root, options);
      if (!wasPinned || fetched.bytesMoved > 0) arrived(root);
      return fetched;
    });
  }

  /** Hashes roots again; what is damaged comes back from parity, or else from other holders. */
  async function mend(until: AbortSignal, roots?: readonly ContentRoot[]): Promise<ScrubReport> {
    const repair = async (damage: Damage): Promise<void> => {
      const mended = await atRest?.repair(damage, until);
      if (mended === undefined || mended.left.length > 0) await bring(damage.root, { signal: until });
    };
    const report = await scrub(store, {
      signal: until,
      repair,
      metrics,
      ...(roots === undefined ? {} : { roots }),
    });
    if (report.damaged + report.missing + report.lost.length > 0) {
      log.warn('content.scrubbed', { ...report, lost: report.lost.map(({ root }) => root) });
    }
    return report;
  }

  async function scrubNow(signal?: AbortSignal): Promise<ScrubReport> {
    const until = withStop(signal);
    const report = await mend(until);
    lastScrub = report;
    usage = await store.usage();
    await atRest?.scrub(until);
    return report;
  }

  async function keepSound(): Promise<void> {
    for await (const root of store.roots()) finder.announce(root);
    usage = await store.usage();
    await wait(clock, firstScrubMs, stopping.signal);
    while (!stopping.signal.aborted) {
      inBackground('content.not-scrubbed', async () => {
        // What cannot be scrubbed is no reason to let the disk fill.
        await scrubNow().finally(() => store.collect({ signal: stopping.signal }));
      });
      await wait(clock, scrubEveryMs, stopping.signal);
    }
  }

  const stopHolding = serveHolding(stoq, {
    limits,
    clock,
    log,
    ...(parts.intake === undefined ? {} : { intake: parts.intake }),
    storeBytes: () => usage.bytes,
    keep: async (root, { from, maxBytes, signal }) => {
      const { size } = await fetch(root, { hints: [from], maxBytes, signal });
      return size;
    },
  });
  inBackground('content.not-kept-sound', keepSound);

  return {
    fetch,
    scrub: scrubNow,
    async put(source, options = {}) {
      parts.intake?.demand();
      if (usage.bytes > limits.maxStoreBytes) throw noRoom(storeFull(limits.maxStoreBytes));
      const published = await publish(store, source, { profile: 'package', metrics, ...options });
      await pinning.keep(published.root);
      arrived(published.root);
      return published;
    },
    async has(root) {
      if ((await store.manifest(root)) === undefined) return false;
      for (const { digest } of (await loadManifest(store, root)).leaves) {
        if (!(await store.has(chunkIdOf(digest)))) return false;
      }
      return true;
    },
    async *get(root, { offset = 0, length, signal } = {}) {
      const { size } = await loadManifest(store, root);
      const end = offset + (length ?? Math.max(0, size - offset));
      let at = offset;
      for (let isMended = false; ; isMended = true) {
        try {
          const range = { offset: at, length: end - at };
          const read = readContent(store, root, { range, ...(signal === undefined ? {} : { signal }) });
          for await (const bytes of read) {
            at += bytes.length;
            yield bytes;
          }
          return;
        } catch (error) {
          const isDamage = hasCode(error, 'stoq/content-corrupt') || hasCode(error, 'stoq/content-missing');
          if (isMended || !isDamage) throw error;
          await mend(withStop(signal), [root]);
        }
      }
    },
    async replicate(root, copies, { signal, avoid = [], prefer = [] } = {}) {
      const { size } = await loadManifest(store, root);
      const candidates = members().filter((node) => node !== self);
      const wanted = { copies, size, avoid, prefer, order: self };
      return replicateTo({ peers, candidates }, root, wanted, withStop(signal));
    },
    holders: (root, signal) => finder.find(root, withStop(signal)),
    pin: (root) => pinning.keep(root),
    async unpin(root) {
      await store.unpin(root);
      await atRest?.forget(root);
    },
    status: () => ({
      discovery: finder.status,
      roots: usage.roots,
      bytes: usage.bytes,
      ...(lastScrub === undefined ? {} : { lastScrub }),
    }),
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the node stops'));
      stopHolding();
      await Promise.allSettled(background);
      await finder[Symbol.asyncDispose]();
    },
  };
}

function storeFull(maxBytes: number): Lack {
  return {
    of: 'disk',
    reason: `the store holds the ${maxBytes / 1024 ** 3} GiB that limits.max_disk_gb gives it`,
    next: 'raise limits.max_disk_gb, or remove packages that are not needed',
  };
}

function failure(root: ContentRoot, reason: FetchReason, by: string): NodeError {
  const isWrong = ['bad-manifest', 'bad-chunk', 'banned', 'protocol', 'too-large', 'refused'].includes(
    reason,
  );
  if (isWrong) {
    const next = 'nothing of it was taken over; another member may have it whole';
    return new NodeError({ code: 'node/refused', by, reason, next }, `${root}: ${reason}`);
  }
  return new NodeError(
    {
      code: 'node/not-found',
      what: root,
      next: 'see that a member which holds it runs (hypermesh status), then give the same command again',
    },
    `No member that can be reached has all of ${root} (${reason})`,
  );
}
