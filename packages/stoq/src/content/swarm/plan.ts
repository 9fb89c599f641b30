import type { ChunkId } from '@hypermesh/core';
import { equalBytes } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { chunkIdOf, type Leaf, type Manifest } from '../manifest.ts';
import type { ContentStore } from '../store.ts';
import type { WantedChunk } from './scheduler.ts';

/** A run of a content's bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** What a fetch has to do. */
export interface FetchPlan {
  /** Chunks that the store lacks, each once, in order. */
  readonly wanted: readonly WantedChunk[];
  /** Bytes of those. */
  readonly wantedBytes: number;
  /** Bytes of all chunks that are part of the goal, repeated ones as often as they stand there. */
  readonly bytes: number;
}

const LOOKUPS_AT_ONCE = 64;

/** The leaves that a range touches, with their places; all without a range. Undefined for a range that goes beyond the content. */
export function leavesOf(
  { size, leaves }: Manifest,
  range?: ByteRange,
): readonly { readonly index: number; readonly leaf: Leaf; readonly offset: number }[] | undefined {
  const { offset, length } = range ?? { offset: 0, length: size };
  const isInteger = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!isInteger || offset < 0 || length < 0 || offset + length > size) return undefined;
  const touched: { index: number; leaf: Leaf; offset: number }[] = [];
  let at = 0;
  for (const [index, leaf] of leaves.entries()) {
    if (at >= offset + length) break;
    if (at + leaf.size > offset) touched.push({ index, leaf, offset: at });
    at += leaf.size;
  }
  return touched;
}

/**
 * Finds what the store lacks of a content or a range of it, which lies within. With `recheck` chunks that are there are hashed again, and damaged ones
 * discarded.
 */
export async function planFetch(
  manifest: Manifest,
  store: ContentStore,
  { range, recheck = false }: { readonly range?: ByteRange | undefined; readonly recheck?: boolean },
): Promise<FetchPlan> {
  const leaves = leavesOf(manifest, range) ?? [];
  const firsts = new Map<ChunkId, WantedChunk & { readonly digest: Uint8Array }>();
  let bytes = 0;
  for (const { index, leaf } of leaves) {
    const id = chunkIdOf(leaf.digest);
    bytes += leaf.size;
    if (!firsts.has(id)) firsts.set(id, { index, size: leaf.size, digest: leaf.digest });
  }
  const wanted: WantedChunk[] = [];
  const entries = [...firsts];
  for (let at = 0; at < entries.length; at += LOOKUPS_AT_ONCE) {
    const batch = entries.slice(at, at + LOOKUPS_AT_ONCE);
    const here = await Promise.all(
      batch.map(([id, { digest }]) => (recheck ? isSound(store, id, digest) : store.has(id))),
    );
    for (const [place, [, { index, size }]] of batch.entries())
      if (!here[place]) wanted.push({ index, size });
  }
  return { wanted, wantedBytes: wanted.reduce((sum, { size }) => sum + size, 0), bytes };
}

async function isSound(store: ContentStore, id: ChunkId, digest: Uint8Array): Promise<boolean> {
  const bytes = await store.get(id);
  if (bytes === undefined) return false;
  if (equalBytes(blake3(bytes), digest)) return true;
  await store.discard(id);
  return false;
}
