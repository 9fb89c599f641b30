import type { ChunkId, ContentRoot } from '@hypermesh/core';

/**
 * Where chunks and manifests are kept. Callers hand in only what they verified. A call that fails rejects and leaves the store as
 * it was; repeating any call is harmless.
 */
export interface ContentStore {
  has(id: ChunkId): Promise<boolean>;
  /** The chunk's bytes as stored, not hashed again; they are the caller's to read, not to write. */
  get(id: ChunkId): Promise<Uint8Array | undefined>;
  /** Keeps a chunk: readable at once, durable after the next `commit`. The bytes are the store's from now on. */
  put(id: ChunkId, bytes: Uint8Array): Promise<void>;
  /** Makes every chunk put before durable, then the manifest, whose bytes are the store's from now on: a root that is there after a crash has all its chunks. */
  commit(root: ContentRoot, manifest: Uint8Array): Promise<void>;
  manifest(root: ContentRoot): Promise<Uint8Array | undefined>;
  /** Every committed root, in no order. */
  roots(): AsyncIterable<ContentRoot>;
}

/** A store that forgets with the process. */
export function createMemoryStore(): ContentStore {
  const chunks = new Map<ChunkId, Uint8Array>();
  const manifests = new Map<ContentRoot, Uint8Array>();
  return {
    has: async (id) => chunks.has(id),
    get: async (id) => chunks.get(id),
    async put(id, bytes) {
      if (!chunks.has(id)) chunks.set(id, bytes);
    },
    async commit(root, manifest) {
      manifests.set(root, manifest);
    },
    manifest: async (root) => manifests.get(root),
    async *roots() {
      yield* manifests.keys();
    },
  };
}
