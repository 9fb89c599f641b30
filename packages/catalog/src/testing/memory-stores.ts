import { concatBytes, sha256, toHex, utf8 } from '@hypermesh/core';
import type { AssetRegistry, InstalledAsset, RegisteredAsset, State, Trees } from '../ports.ts';

/** State in memory; `entries` outlives the catalog that uses it, as a disk would. */
export function createMemoryState(entries = new Map<string, Uint8Array>()): State {
  return {
    get: async (key) => entries.get(key)?.slice(),
    put: async (key, value) => {
      entries.set(key, value.slice());
    },
    delete: async (key) => {
      entries.delete(key);
    },
    keys: async (prefix) => [...entries.keys()].filter((key) => key.startsWith(prefix)).sort(),
  };
}

/** Trees in memory: the content stream of each under its digest. */
export function createMemoryTrees(trees = new Map<string, Uint8Array>()): Trees {
  return {
    async install(digest, record, stream) {
      if (trees.has(digest)) return { ok: true, path: `memory:${digest}`, isNew: false };
      const parts: Uint8Array[] = [];
      for await (const part of stream) parts.push(part);
      const bytes = concatBytes(...parts);
      if (bytes.length < record.bytes) return { ok: false, reason: 'too-short' };
      if (bytes.length > record.bytes) return { ok: false, reason: 'too-long' };
      trees.set(digest, bytes);
      return { ok: true, path: `memory:${digest}`, isNew: true };
    },
    path: async (digest) => (trees.has(digest) ? `memory:${digest}` : undefined),
    async *read(digest) {
      const bytes = trees.get(digest);
      if (bytes !== undefined && bytes.length > 0) yield bytes;
    },
    remove: async (digest) => {
      trees.delete(digest);
    },
  };
}

/** Assets in memory: active from their registration until they are released. */
export function createMemoryAssets(
  assets = new Map<string, RegisteredAsset & { readonly asset: InstalledAsset }>(),
): AssetRegistry {
  return {
    async register(asset, { signal } = {}) {
      signal?.throwIfAborted();
      const id = toHex(sha256(utf8(`${asset.kind} ${asset.digest}`))).slice(0, 32);
      const registered = { id, state: 'active', asset };
      assets.set(id, registered);
      return { id, state: registered.state };
    },
    async get(id) {
      const found = assets.get(id);
      return found === undefined ? undefined : { id, state: found.state };
    },
    release: async (id) => {
      assets.delete(id);
    },
  };
}
