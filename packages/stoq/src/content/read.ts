import type { ContentRoot, Verdict } from '@hypermesh/core';
import { equalBytes } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { StoqError } from '../errors.ts';
import { chunkIdOf, decodeManifest, type Manifest, rootOf } from './manifest.ts';
import type { ContentStore } from './store.ts';
import { type ByteRange, leavesOf } from './swarm/plan.ts';

/**
 * A root's bytes, or a range of them, chunk by chunk, each hashed again before it is given out. Of a root that is not whole whatever is
 * there can be read. Throws StoqError `stoq/content-missing` for a root or chunk that is not there, `stoq/content-corrupt` for one
 * that is not what its name says and `stoq/bad-argument` for a range beyond the content.
 */
export async function* readContent(
  store: ContentStore,
  root: ContentRoot,
  options: { readonly range?: ByteRange; readonly signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { range, signal } = options;
  const manifest = await loadManifest(store, root);
  const touched = leavesOf(manifest, range);
  if (touched === undefined) {
    throw new StoqError({
      code: 'stoq/bad-argument',
      argument: 'range',
      expected: `within ${manifest.size}`,
    });
  }
  const from = range?.offset ?? 0;
  const to = from + (range?.length ?? manifest.size);
  for (const { leaf, offset } of touched) {
    if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
    const id = chunkIdOf(leaf.digest);
    const bytes = await store.get(id);
    if (bytes === undefined) throw new StoqError({ code: 'stoq/content-missing', id });
    if (!equalBytes(blake3(bytes), leaf.digest)) throw new StoqError({ code: 'stoq/content-corrupt', id });
    yield bytes.subarray(Math.max(0, from - offset), Math.min(bytes.length, to - offset));
  }
}

/** The manifest of a root that the store holds, or that was begun. Throws as `readContent` does. */
export async function loadManifest(store: ContentStore, root: ContentRoot): Promise<Manifest> {
  const bytes = (await store.manifest(root)) ?? (await store.begun(root));
  if (bytes === undefined) throw new StoqError({ code: 'stoq/content-missing', id: root });
  const decoded = decodeManifest(bytes);
  if (!decoded.ok || rootOf(bytes) !== root) throw new StoqError({ code: 'stoq/content-corrupt', id: root });
  return decoded.manifest;
}

/** Hashes all of a root's content again and changes nothing. `id` is the first chunk or manifest that is missing or wrong. */
export async function verifyContent(
  store: ContentStore,
  root: ContentRoot,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Verdict<{ readonly size: number }, 'missing' | 'corrupt'> & { readonly id?: string }> {
  let size = 0;
  try {
    for await (const chunk of readContent(store, root, options)) size += chunk.length;
    return { ok: true, size };
  } catch (error) {
    if (error instanceof StoqError) {
      if (error.failure.code === 'stoq/content-missing')
        return { ok: false, reason: 'missing', id: error.failure.id };
      if (error.failure.code === 'stoq/content-corrupt')
        return { ok: false, reason: 'corrupt', id: error.failure.id };
    }
    throw error;
  }
}
