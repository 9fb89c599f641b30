import type { Clock, ContentRoot, Metrics } from '@hypermesh/core';
import { equalBytes, silentMetrics } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { systemClock } from '@hypermesh/core/node';
import type { Peer } from '../peer.ts';
import type { Bans } from './bans.ts';
import { decodeManifest, type Manifest, rootDigest } from './manifest.ts';
import type { ContentStore } from './store.ts';
import { FetchFault, type FetchReason } from './swarm/fault.ts';
import type { ByteRange } from './swarm/plan.ts';
import { type FetchProgress, type ProviderFault, Swarm } from './swarm/swarm.ts';

/** Who is asked: one session, several, or those that come as they are found. The same peer may come again with a new session. */
export type Providers = Peer | Iterable<Peer> | AsyncIterable<Peer>;

/** What a fetch moved, also where it failed. */
export interface FetchCounts {
  /** Bytes of manifests and chunks that came over the wire, rejected and superfluous ones among them. */
  readonly bytesMoved: number;
  /** Bytes of chunks that each provider brought and that were kept. */
  readonly peers: readonly { readonly id: string; readonly bytes: number }[];
  /** Chunks that were not what their place in the manifest says. */
  readonly rejectedChunks: number;
  /** Providers that were given up, and why, in order. */
  readonly faults: readonly ProviderFault[];
}

/** How a fetch ended. */
export type FetchResult =
  | ({
      readonly ok: true;
      /** Bytes of the whole content. */
      readonly size: number;
      /** Chunks of the whole content. */
      readonly chunks: number;
      /** Chunks that were moved and kept. */
      readonly fetched: number;
      /** Bytes of the goal: the content, or the chunks that the range touches. */
      readonly bytes: number;
      /** Bytes of the goal that did not have to come: of other roots, of an earlier fetch, or repeated within the content. */
      readonly bytesReused: number;
    } & FetchCounts)
  | ({
      readonly ok: false;
      readonly reason: FetchReason;
      /** The peer's id whose fault was the last; empty where there was none. */
      readonly provider: string;
      /** The place of a bad chunk. */
      readonly index?: number;
    } & FetchCounts);

/** Options of a fetch. */
export interface FetchOptions {
  readonly signal?: AbortSignal;
  /** Only the chunks that these bytes touch. They are kept, and the root is not there until all of it is. */
  readonly range?: ByteRange;
  /** Hashes again what the store says that it has, discards what is damaged, and fetches it anew. */
  readonly recheck?: boolean;
  /** Largest content, or range, that is taken; by default what a manifest can say. */
  readonly maxBytes?: number;
  /** Most providers that are asked at once; default 8. */
  readonly maxPeers?: number;
  /** How long a provider may owe something and send nothing, milliseconds; default 60 000. Others take over long before. */
  readonly stallMs?: number;
  /** Who sent wrong bytes before; by default nobody is remembered beyond this fetch. */
  readonly bans?: Bans;
  /** Called with every chunk; must not throw. */
  readonly onProgress?: (progress: FetchProgress) => void;
  readonly clock?: Clock;
  /** Counts what came and what did not; by default nobody does. */
  readonly metrics?: Metrics;
}

const MOST_PEERS = 8;

/**
 * Fetches content from any number of peers at once. Each chunk is checked against the manifest, and the manifest against the root, before it is
 * stored; the root is committed only when all of it is there. A peer that sends a wrong chunk is asked for nothing more of this
 * root, and its chunks come from others; one that ends, stalls or lacks chunks is made up for likewise. What came before a failure, a
 * cancellation or the end of the process stays, and the next fetch does not move it again. Rejects only when the store fails, or `providers` does.
 */
export async function fetchContent(
  providers: Providers,
  root: ContentRoot,
  store: ContentStore,
  options: FetchOptions = {},
): Promise<FetchResult> {
  const { metrics = silentMetrics } = options;
  const result = await fetchFrom(providers, root, store, options);
  metrics.count('content_fetches_total', 1, { outcome: result.ok ? 'ok' : result.reason });
  metrics.count('content_chunks_refused_total', result.rejectedChunks);
  metrics.count('content_wire_bytes_total', result.bytesMoved);
  if (result.ok) metrics.count('content_bytes_total', result.bytesReused, { origin: 'reused' });
  return result;
}

async function fetchFrom(
  providers: Providers,
  root: ContentRoot,
  store: ContentStore,
  options: FetchOptions,
): Promise<FetchResult> {
  const swarm = swarmFor(root, store, options);
  if (swarm === undefined) return failed(undefined, new FetchFault('bad-root'), providers);
  try {
    const known = (await knownManifest(store, root, swarm.digest)) ?? undefined;
    if (known !== undefined) await swarm.begin(known.manifest, known.bytes);
    if (swarm.known?.plan.wanted.length !== 0) await swarm.run(iteratorOf(providers));
    const done = swarm.known;
    if (done === undefined) throw new FetchFault('no-provider');
    if (options.range === undefined) await store.commit(root, done.bytes);
    return succeeded(swarm, done.manifest, done.plan.bytes);
  } catch (error) {
    if (error instanceof FetchFault) return failed(swarm, error, providers);
    throw error;
  }
}

function swarmFor(root: ContentRoot, store: ContentStore, options: FetchOptions): Swarm | undefined {
  const digest = rootDigest(root);
  if (digest === undefined) return undefined;
  const { signal, range, recheck = false, stallMs, bans, onProgress } = options;
  const { clock = systemClock, maxBytes = Number.MAX_SAFE_INTEGER, maxPeers = MOST_PEERS } = options;
  const { metrics = silentMetrics } = options;
  return new Swarm({
    root,
    digest,
    store,
    maxBytes,
    maxPeers,
    range,
    recheck,
    clock,
    metrics,
    stallMs,
    signal,
    bans,
    onProgress,
  });
}

/** The manifest that the store has for a root, whole or not, unless it is damaged. */
async function knownManifest(
  store: ContentStore,
  root: ContentRoot,
  digest: Uint8Array,
): Promise<{ readonly manifest: Manifest; readonly bytes: Uint8Array } | undefined> {
  for (const bytes of [await store.manifest(root), await store.begun(root)]) {
    if (bytes === undefined || !equalBytes(blake3(bytes), digest)) continue;
    const decoded = decodeManifest(bytes);
    if (decoded.ok) return { manifest: decoded.manifest, bytes };
  }
  return undefined;
}

function iteratorOf(providers: Providers): Iterator<Peer> | AsyncIterator<Peer> {
  if ('openStream' in providers) return [providers][Symbol.iterator]();
  return Symbol.asyncIterator in providers ? providers[Symbol.asyncIterator]() : providers[Symbol.iterator]();
}

function countsOf(swarm: Swarm | undefined): FetchCounts {
  return {
    bytesMoved: swarm?.bytesMoved ?? 0,
    peers: [...(swarm?.bytesBy ?? [])].map(([id, bytes]) => ({ id, bytes })),
    rejectedChunks: swarm?.rejectedChunks ?? 0,
    faults: swarm?.faults ?? [],
  };
}

function succeeded(swarm: Swarm, { size, leaves }: Manifest, bytes: number): FetchResult {
  const { fetched, fetchedBytes } = swarm;
  const bytesReused = bytes - fetchedBytes;
  return { ok: true, size, chunks: leaves.length, fetched, bytes, bytesReused, ...countsOf(swarm) };
}

function failed(swarm: Swarm | undefined, { reason, index }: FetchFault, providers: Providers): FetchResult {
  const only = 'openStream' in providers ? providers.id : '';
  const provider = swarm?.faults.at(-1)?.provider ?? only;
  return { ok: false, reason, provider, ...(index === undefined ? {} : { index }), ...countsOf(swarm) };
}
