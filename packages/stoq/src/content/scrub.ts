import type { ChunkId, ContentRoot, Metrics } from '@hypermesh/core';
import { equalBytes, silentMetrics } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { StoqError } from '../errors.ts';
import { chunkIdOf, decodeManifest, rootOf } from './manifest.ts';
import type { ContentStore } from './store.ts';

/** What a root lacks after the damaged chunks were taken away. */
export interface Damage {
  readonly root: ContentRoot;
  /** Missing and damaged chunks, in order; empty where the manifest itself is damaged. */
  readonly chunks: readonly ChunkId[];
}

/** What a scrub looks at, and how it mends. */
export interface ScrubOptions {
  readonly signal?: AbortSignal;
  /** Only these roots; all that are whole by default. */
  readonly roots?: Iterable<ContentRoot>;
  /**
   * Puts what is missing back into the store, from parity at hand or from a peer (`fetchContent`); called once for each damaged
   * root. Whether it did is looked at afterwards; what it throws counts as not done.
   */
  readonly repair?: (damage: Damage) => Promise<unknown>;
  /** Counts what was looked at; by default nobody does. */
  readonly metrics?: Metrics;
}

/** What a scrub found and did. */
export interface ScrubReport {
  readonly roots: number;
  /** Chunks that were hashed, each once. */
  readonly chunks: number;
  readonly damaged: number;
  readonly missing: number;
  /** Roots that were made whole again. */
  readonly repaired: number;
  /** Roots that are not whole any more. */
  readonly lost: readonly Damage[];
}

/**
 * Hashes everything again that roots of the store consist of. A damaged chunk is taken away at once, so that no root which needs
 * it passes for whole; then `repair` is asked, and what is whole again is committed again. Throws StoqError `stoq/cancelled`.
 */
export async function scrub(store: ContentStore, options: ScrubOptions = {}): Promise<ScrubReport> {
  const { signal, repair, metrics = silentMetrics } = options;
  const roots: ContentRoot[] = [];
  for await (const root of options.roots ?? store.roots()) roots.push(root);
  const verdicts = new Map<ChunkId, 'sound' | 'damaged' | 'missing'>();
  const broken: (Damage & { readonly manifest: Uint8Array | undefined })[] = [];
  for (const root of roots) {
    // A chunk that went while an earlier root was looked at has made this one begun.
    const manifest = (await store.manifest(root)) ?? (await store.begun(root));
    const digests = manifest === undefined ? undefined : digestsOf(root, manifest);
    const chunks: ChunkId[] = [];
    for (const [id, digest] of digests ?? []) {
      if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
      const verdict = verdicts.get(id) ?? (await look(store, id, digest));
      verdicts.set(id, verdict);
      if (verdict !== 'sound') chunks.push(id);
    }
    if (digests === undefined || chunks.length > 0)
      broken.push({ root, chunks, manifest: digests && manifest });
  }
  const lost: Damage[] = [];
  for (const { root, chunks, manifest } of broken) {
    if (!(await isRepaired(store, { root, chunks }, manifest, repair))) lost.push({ root, chunks });
  }
  const count = (wanted: string) => [...verdicts.values()].filter((verdict) => verdict === wanted).length;
  metrics.count('content_scrubs_total');
  for (const state of ['sound', 'damaged', 'missing'])
    metrics.count('content_chunks_scrubbed_total', count(state), { state });
  return {
    roots: roots.length,
    chunks: verdicts.size,
    damaged: count('damaged'),
    missing: count('missing'),
    repaired: broken.length - lost.length,
    lost,
  };
}

async function look(
  store: ContentStore,
  id: ChunkId,
  digest: Uint8Array,
): Promise<'sound' | 'damaged' | 'missing'> {
  const bytes = await store.get(id);
  if (bytes !== undefined && equalBytes(blake3(bytes), digest)) return 'sound';
  await store.discard(id);
  return bytes === undefined ? 'missing' : 'damaged';
}

async function isRepaired(
  store: ContentStore,
  damage: Damage,
  manifest: Uint8Array | undefined,
  repair: ScrubOptions['repair'],
): Promise<boolean> {
  try {
    await repair?.(damage);
  } catch {
    // Looked at below: what is still missing is reported.
  }
  const { root, chunks } = damage;
  if (manifest === undefined) {
    const again = await store.manifest(root);
    return again !== undefined && digestsOf(root, again) !== undefined;
  }
  const digests = digestsOf(root, manifest) ?? new Map<ChunkId, Uint8Array>();
  for (const id of chunks) {
    if ((await look(store, id, digests.get(id) ?? new Uint8Array())) !== 'sound') return false;
  }
  await store.commit(root, manifest);
  return true;
}

/** The digests of a root's chunks by id; undefined for bytes that are not its manifest. */
function digestsOf(root: ContentRoot, manifest: Uint8Array): ReadonlyMap<ChunkId, Uint8Array> | undefined {
  const decoded = decodeManifest(manifest);
  if (!decoded.ok || rootOf(manifest) !== root) return undefined;
  return new Map(decoded.manifest.leaves.map(({ digest }) => [chunkIdOf(digest), digest]));
}
