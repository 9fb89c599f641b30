import type { ContentRoot, Verdict } from '@hypermesh/core';
import { equalBytes } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { StoqError } from '../errors.ts';
import { chunkIdOf, decodeManifest, type Manifest, rootOf } from './manifest.ts';
import type { ContentStore } from './store.ts';

/**
 * A root's bytes, chunk by chunk, each hashed again before it is given out. Throws StoqError `stoq/content-missing` for a root or
 * chunk that is not there and `stoq/content-corrupt` for one that is not what its name says.
 */
export async function* readContent(
  store: ContentStore,
  root: ContentRoot,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { digest } of (await loadManifest(store, root)).leaves) {
    if (options.signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
    const id = chunkIdOf(digest);
    const bytes = await store.get(id);
    if (bytes === undefined) throw new StoqError({ code: 'stoq/content-missing', id });
    if (!equalBytes(blake3(bytes), digest)) throw new StoqError({ code: 'stoq/content-corrupt', id });
    yield bytes;
  }
}

/** The manifest of a root that the store holds. Throws as `readContent` does. */
export async function loadManifest(store: ContentStore, root: ContentRoot): Promise<Manifest> {
  const bytes = await store.manifest(root);
  if (bytes === undefined) throw new StoqError({ code: 'stoq/content-missing', id: root });
  const decoded = decodeManifest(bytes);
  if (!decoded.ok || rootOf(bytes) !== root) throw new StoqError({ code: 'stoq/content-corrupt', id: root });
  return decoded.manifest;
}

/** Hashes all of a root's content again: a scrub. `id` is the first chunk or manifest that is missing or wrong. */
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
