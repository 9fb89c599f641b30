import type { ChunkId, ContentRoot } from '@hypermesh/core';
import { StoqError } from '../errors.ts';
import { chunkIdOf, readDigests, rootOf } from './manifest.ts';

/**
 * Where chunks and manifests are kept. Callers hand in only chunks that they verified. A call that fails rejects and leaves the store as
 * it was; repeating any call is harmless. A root is either whole, and then `manifest` has it, or at most begun: a store never
 * says of a root that lacks a chunk by the store's own doing that it is there.
 */
export interface ContentStore {
  has(id: ChunkId): Promise<boolean>;
  /** The chunk's bytes as stored, not hashed again; they are the caller's to read, not to write. */
  get(id: ChunkId): Promise<Uint8Array | undefined>;
  /** Keeps a chunk: readable at once, durable after the next `commit`. The bytes are the store's from now on. */
  put(id: ChunkId, bytes: Uint8Array): Promise<void>;
  /** Keeps the manifest of a root whose chunks are still to come; nothing for a root that is whole. */
  begin(root: ContentRoot, manifest: Uint8Array): Promise<void>;
  /** The manifest of a root that was begun and is not whole. */
  begun(root: ContentRoot): Promise<Uint8Array | undefined>;
  /**
   * Makes every chunk put before durable, then the manifest, whose bytes are the store's from now on: a root that is there after a crash
   * has all its chunks. Throws StoqError `stoq/content-missing` for one whose chunks are not all here, and `stoq/bad-argument` for
   * a manifest that is not the root's.
   */
  commit(root: ContentRoot, manifest: Uint8Array): Promise<void>;
  /** The manifest of a root that is whole. */
  manifest(root: ContentRoot): Promise<Uint8Array | undefined>;
  /** Every root that is whole, in no order. */
  roots(): AsyncIterable<ContentRoot>;
  /** Takes a chunk away. Roots that need it are no longer whole, but begun. */
  discard(id: ChunkId): Promise<void>;
}

/** The ids of a root's chunks, each once, checked to be the root's. Throws StoqError `stoq/bad-argument`. */
export function chunksOf(root: ContentRoot, manifest: Uint8Array): ReadonlySet<ChunkId> {
  const decoded = readDigests(manifest);
  if (!decoded.ok || rootOf(manifest) !== root) {
    throw new StoqError({ code: 'stoq/bad-argument', argument: 'manifest', expected: `that of ${root}` });
  }
  const { digests } = decoded;
  return new Set(Array.from({ length: digests.chunks }, (_, index) => chunkIdOf(digests.at(index))));
}

/** A store that forgets with the process. */
export function createMemoryStore(): ContentStore {
  const chunks = new Map<ChunkId, Uint8Array>();
  const manifests = new Map<ContentRoot, Uint8Array>();
  const begun = new Map<ContentRoot, Uint8Array>();
  return {
    has: async (id) => chunks.has(id),
    get: async (id) => chunks.get(id),
    async put(id, bytes) {
      if (!chunks.has(id)) chunks.set(id, bytes);
    },
    async begin(root, manifest) {
      if (!manifests.has(root)) begun.set(root, manifest);
    },
    begun: async (root) => begun.get(root),
    async commit(root, manifest) {
      for (const id of chunksOf(root, manifest)) {
        if (!chunks.has(id)) throw new StoqError({ code: 'stoq/content-missing', id });
      }
      manifests.set(root, manifest);
      begun.delete(root);
    },
    manifest: async (root) => manifests.get(root),
    async *roots() {
      yield* manifests.keys();
    },
    async discard(id) {
      chunks.delete(id);
      for (const [root, manifest] of manifests) {
        if (!chunksOf(root, manifest).has(id)) continue;
        manifests.delete(root);
        begun.set(root, manifest);
      }
    },
  };
}
