import { type ContentRoot, type Metrics, silentMetrics } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { pipe } from 'it-pipe';
import { StoqError } from '../errors.ts';
import { createChunker } from './chunker.ts';
import { chunkIdOf, encodeManifest, type Leaf, MAX_LEAVES } from './manifest.ts';
import { type ContentProfile, PROFILES } from './profiles.ts';
import type { ContentStore } from './store.ts';
import { createWrites } from './writes.ts';

/** Chunks that are being written while the next ones are cut. */
const WRITES_AHEAD = 32;

/** Bytes to publish: in one piece, or as they come. */
export type ContentSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What was published. */
export interface Published {
  readonly root: ContentRoot;
  readonly size: number;
  readonly chunks: number;
}

/**
 * Cuts, hashes and stores content; durable when it resolves. The same bytes give the same root on every machine. Throws StoqError
 * `stoq/content-too-large` and `stoq/cancelled`; chunks stored until then stay and are no content.
 */
export async function publish(
  store: ContentStore,
  source: ContentSource,
  options: {
    readonly profile?: ContentProfile;
    readonly signal?: AbortSignal;
    /** Counts what is cut; by default nobody does. */
    readonly metrics?: Metrics;
  } = {},
): Promise<Published> {
  const { profile = 'package', signal, metrics = silentMetrics } = options;
  const leaves: Leaf[] = [];
  const writes = createWrites(WRITES_AHEAD);
  let size = 0;
  const pieces = source instanceof Uint8Array ? [source] : source;
  await pipe(pieces, cutInto(profile), async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
      if (leaves.length === MAX_LEAVES)
        throw new StoqError({ code: 'stoq/content-too-large', limit: MAX_LEAVES });
      const digest = blake3(chunk);
      await writes.add(store.put(chunkIdOf(digest), chunk));
      leaves.push({ size: chunk.length, digest });
      size += chunk.length;
    }
  });
  await writes.settled();
  const { bytes, root } = encodeManifest({ size, chunker: PROFILES[profile].name, leaves });
  // What was whole before is no new content. Where that cannot be read, the commit says why.
  const before = await store.manifest(root).catch(() => undefined);
  await store.commit(root, bytes);
  if (before === undefined) metrics.count('content_bytes_total', size, { origin: 'published' });
  return { root, size, chunks: leaves.length };
}

/** A pipeline step that cuts bytes by a profile. */
export function cutInto(
  profile: ContentProfile,
): (pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array, void, undefined> {
  return async function* (pieces) {
    const chunker = createChunker(profile);
    for await (const piece of pieces) yield* chunker.push(piece);
    yield* chunker.end();
  };
}
