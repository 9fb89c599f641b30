import type { ChunkId, Clock, ContentRoot, Metrics } from '@hypermesh/core';
import { equalBytes } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import type { Peer } from '../../peer.ts';
import { type Bans, createBans } from '../bans.ts';
import type { ContentFrame } from '../frames.ts';
import { chunkIdOf, decodeManifest, type Manifest } from '../manifest.ts';
import { unpackChunk } from '../pack.ts';
import { PROFILES } from '../profiles.ts';
import type { ContentStore } from '../store.ts';
import { createWrites } from '../writes.ts';
import { FetchFault, type FetchReason } from './fault.ts';
import { type Job, Lane } from './lane.ts';
import { type ByteRange, type FetchPlan, leavesOf, planFetch } from './plan.ts';
import { ChunkScheduler } from './scheduler.ts';

/** How far a fetch is. */
export interface FetchProgress {
  /** Bytes of the whole goal; 0 before the manifest is there. */
  readonly bytes: number;
  /** Bytes of it that are in the store, those of before included. */
  readonly bytesHere: number;
  /** Bytes of manifests and chunks that came over the wire. */
  readonly bytesMoved: number;
  /** Providers that are asked now. */
  readonly peers: number;
  /** Bytes of chunks that each provider brought so far and that were kept, by its id: a view that goes on changing. */
  readonly bytesBy: ReadonlyMap<string, number>;
  /** Chunks so far that were not what their place in the manifest says. */
  readonly rejectedChunks: number;
}

/** What one fetch is about. */
export interface Goal {
  readonly root: ContentRoot;
  readonly digest: Uint8Array;
  readonly store: ContentStore;
  readonly maxBytes: number;
  readonly maxPeers: number;
  readonly range: ByteRange | undefined;
  readonly recheck: boolean;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly stallMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly bans: Bans | undefined;
  readonly onProgress: ((progress: FetchProgress) => void) | undefined;
}

/** What a provider did before it was given up. */
export interface ProviderFault {
  readonly provider: string;
  readonly reason: FetchReason;
  readonly index?: number;
}

/** The label of each chunk that came over the wire. */
const fetched = { origin: 'fetched' };
/** Chunks that are being written while the next ones come. */
const WRITES_AHEAD = 32;
/** An idle provider looks so often whether another one has become slow. */
const LOOK_MS = 100;
/** A provider that was asked for the manifest may take so long before the next one is asked too. */
const MANIFEST_MS = 1_500;

/** One fetch from any number of providers that come and go. */
export class Swarm implements Job {
  readonly faults: ProviderFault[] = [];
  readonly bytesBy = new Map<string, number>();
  rejectedChunks = 0;
  bytesMoved = 0;
  fetched = 0;
  fetchedBytes = 0;
  readonly digest: Uint8Array;
  readonly clock: Clock;
  readonly stallMs: number | undefined;
  readonly #goal: Goal;
  readonly #bans: Bans;
  readonly #over = new AbortController();
  readonly #lanes = new Map<Lane, Promise<void>>();
  readonly #writes = createWrites(WRITES_AHEAD);
  #known: { manifest: Manifest; bytes: Uint8Array; plan: FetchPlan; scheduler: ChunkScheduler } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #asker: Lane | undefined;
  #changed = Promise.withResolvers<void>();
  #count = 0;

  constructor(goal: Goal) {
    this.#goal = goal;
    this.digest = goal.digest;
    this.clock = goal.clock;
    this.stallMs = goal.stallMs;
    this.#bans = goal.bans ?? createBans();
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** The manifest and what had to be done, once they are known. */
  get known():
    | { readonly manifest: Manifest; readonly bytes: Uint8Array; readonly plan: FetchPlan }
    | undefined {
    return this.#known;
  }

  /** Takes a manifest that was checked against the root. Throws FetchFault `too-large` and `bad-range`. */
  async begin(manifest: Manifest, bytes: Uint8Array): Promise<void> {
    const { store, root, range, recheck, maxBytes } = this.#goal;
    if (leavesOf(manifest, range) === undefined) throw new FetchFault('bad-range');
    if ((range?.length ?? manifest.size) > maxBytes) throw new FetchFault('too-large');
    await store.begin(root, bytes);
    const plan = await planFetch(manifest, store, { range, recheck });
    if (this.#known !== undefined) return;
    const [first] = plan.wanted;
    // Chunks of a root that was whole have gone, by nobody's word to the store: from now on it says so.
    if (first !== undefined && (await store.manifest(root)) !== undefined) {
      await store.discard(chunkIdOf(manifest.leaves[first.index]?.digest ?? new Uint8Array(32)));
    }
    if (this.#known !== undefined) return;
    const scheduler = new ChunkScheduler(plan.wanted);
    for (const { key } of this.#lanes.keys()) scheduler.join(key);
    this.#known = { manifest, bytes, plan, scheduler };
    this.#report();
    this.#wake();
  }

  /** Fetches until all is there. Throws FetchFault where nobody is left to ask, and what the store failed with. */
  async run(providers: AsyncIterator<Peer> | Iterator<Peer>): Promise<void> {
    const { signal } = this.#goal;
    const onAbort = () => this.#fail(new FetchFault('cancelled'));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([this.#admit(providers), this.#ended()]);
      await this.#settleLanes();
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#end();
      // A source that still waits for its next provider is told, and not waited for.
      Promise.resolve(providers.return?.()).catch(() => {});
      await Promise.allSettled(this.#lanes.values());
      await this.#writes.settled().catch((error: unknown) => this.#fail(error));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    if (!this.#isWhole) throw this.#lastFault();
  }

  get #isWhole(): boolean {
    return this.#known?.scheduler.isDone === true;
  }

  #lastFault(): FetchFault {
    const last = this.faults.at(-1);
    return new FetchFault(last?.reason ?? 'no-provider', last?.index);
  }

  async #admit(providers: AsyncIterator<Peer> | Iterator<Peer>): Promise<void> {
    while (!this.over.aborted) {
      const next = await providers.next();
      if (next.done || this.over.aborted) return;
      const peer = next.value;
      if (this.#bans.has(this.#goal.root, peer.id)) {
        this.faults.push({ provider: peer.id, reason: 'banned' });
        continue;
      }
      this.#start(peer);
      while (this.#lanes.size >= this.#goal.maxPeers && !this.over.aborted) {
        await Promise.race(this.#lanes.values());
      }
    }
  }

  #start(peer: Peer): void {
    this.#count += 1;
    const lane = new Lane(`${this.#count}`, peer, this);
    this.#known?.scheduler.join(lane.key);
    const running = lane
      .run()
      .catch((error: unknown) => this.#gone(lane, error))
      .finally(() => {
        this.#lanes.delete(lane);
        this.#known?.scheduler.leave(lane.key);
        if (this.#asker === lane) this.#asker = undefined;
        this.#wake();
      });
    this.#lanes.set(lane, running);
    this.#report();
  }

  #gone({ peer }: Lane, error: unknown): void {
    if (error instanceof FetchFault) {
      const { reason, index } = error;
      this.faults.push({ provider: peer.id, reason, ...(index === undefined ? {} : { index }) });
      if (error.isLie) this.#ban(peer.id);
      if (reason !== 'too-large' && reason !== 'bad-range') return;
    }
    this.#fail(error);
  }

  #ban(id: string): void {
    this.#bans.add(this.#goal.root, id);
    for (const lane of this.#lanes.keys()) if (lane.peer.id === id) lane.cut();
  }

  async #settleLanes(): Promise<void> {
    while (this.#lanes.size > 0 && !this.over.aborted) await Promise.race(this.#lanes.values());
  }

  #ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.over.aborted) resolve();
      this.over.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#end();
  }

  #end(): void {
    this.#over.abort();
    this.#wake();
  }

  #wake(): void {
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }

  async changed(): Promise<void> {
    if (this.over.aborted) return;
    const looked = Promise.withResolvers<void>();
    const stop = this.clock.schedule(LOOK_MS, looked.resolve);
    await Promise.race([this.#changed.promise, looked.promise]);
    stop();
  }

  async turnForManifest(lane: Lane): Promise<'ask' | 'known' | 'over'> {
    const sinceMs = this.clock.monotonicMs();
    for (;;) {
      if (this.over.aborted) return 'over';
      if (this.#known !== undefined) return 'known';
      const isLate = this.clock.monotonicMs() - sinceMs >= MANIFEST_MS;
      if (this.#asker === undefined || isLate) {
        this.#asker = lane;
        return 'ask';
      }
      await this.changed();
    }
  }

  async takeManifest(lane: Lane, bytes: Uint8Array): Promise<void> {
    this.bytesMoved += bytes.length;
    if (!equalBytes(blake3(bytes), this.digest)) throw new FetchFault('bad-manifest');
    const decoded = decodeManifest(bytes);
    if (!decoded.ok) throw new FetchFault('bad-manifest');
    if (this.#known === undefined) await this.begin(decoded.manifest, bytes);
    if (this.#asker === lane) this.#asker = undefined;
  }

  /** Throws FetchFault `missing-chunk` for a provider that lacks all that is left. */
  next(lane: Lane): readonly number[] {
    if (this.over.aborted) return [];
    if (this.#isWhole) {
      this.#end();
      return [];
    }
    const scheduler = this.#known?.scheduler;
    if (scheduler?.canHelp(lane.key) !== true) throw new FetchFault('missing-chunk');
    return scheduler.next(lane.key, this.clock.monotonicMs());
  }

  lacks(lane: Lane, index: number): void {
    this.#known?.scheduler.lacks(lane.key, index);
    this.#wake();
  }

  /** Small chunks alone are worth packing: large ones are cut for throughput. */
  get isPacked(): boolean {
    return this.#known?.manifest.chunker === PROFILES.package.name;
  }

  async takeChunk(lane: Lane, index: number, { name, body }: ContentFrame): Promise<void> {
    const leaf = this.#known?.manifest.leaves[index];
    this.bytesMoved += body.length;
    if (leaf === undefined || body.length < 4 || numberIn(body) !== index) throw new FetchFault('protocol');
    if (name === 'packed' && !this.isPacked) throw new FetchFault('protocol');
    const bytes = name === 'packed' ? unpackChunk(body.subarray(4), leaf.size) : body.subarray(4);
    if (bytes?.length !== leaf.size || !equalBytes(blake3(bytes), leaf.digest)) {
      this.rejectedChunks += 1;
      throw new FetchFault('bad-chunk', index);
    }
    if (this.#known?.scheduler.arrived(lane.key, index, this.clock.monotonicMs()) !== true) return;
    this.fetched += 1;
    this.fetchedBytes += bytes.length;
    this.#goal.metrics.count('content_chunks_fetched_total');
    this.#goal.metrics.count('content_bytes_total', bytes.length, fetched);
    this.bytesBy.set(lane.peer.id, (this.bytesBy.get(lane.peer.id) ?? 0) + bytes.length);
    await this.#write(chunkIdOf(leaf.digest), bytes);
    this.#report();
    if (this.#isWhole) this.#end();
  }

  async #write(id: ChunkId, bytes: Uint8Array): Promise<void> {
    try {
      await this.#writes.add(this.#goal.store.put(id, bytes));
    } catch (error) {
      this.#fail(error);
    }
  }

  #report(): void {
    const { onProgress } = this.#goal;
    if (onProgress === undefined) return;
    const { bytes = 0, wantedBytes = 0 } = this.#known?.plan ?? {};
    onProgress({
      bytes,
      bytesHere: bytes - wantedBytes + this.fetchedBytes,
      bytesMoved: this.bytesMoved,
      peers: this.#lanes.size,
      bytesBy: this.bytesBy,
      rejectedChunks: this.rejectedChunks,
    });
  }
}

function numberIn(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset).getUint32(0);
}
