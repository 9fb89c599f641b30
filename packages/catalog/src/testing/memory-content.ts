import { type ContentRoot, cidOf, concatBytes, type NodeId } from '@hypermesh/core';
import { CatalogError } from '../errors.ts';
import type { Content, FetchedFrom } from '../ports.ts';

/** Contents of several nodes in one process, with the faults that tests plant. Roots are hashes of the whole bytes. */
export interface MemoryContentNetwork {
  /** The content port of one node. */
  join(node: NodeId): Content;
  /** What a node has stored, to be looked at or damaged. */
  stored(node: NodeId): Map<ContentRoot, Uint8Array>;
  /** A node that is down serves nothing and holds nothing for others. */
  setDown(node: NodeId, isDown: boolean): void;
  /** Downloads that were begun, for tests of sharing. */
  downloads(): number;
}

/** Bytes that one step of a download moves. */
const stepBytes = 16 * 1024;

/** A network of contents in memory: fetching takes what the first sound holder has and passes over damaged ones. */
export function createMemoryContentNetwork(): MemoryContentNetwork {
  const stores = new Map<NodeId, Map<ContentRoot, Uint8Array>>();
  const down = new Set<NodeId>();
  let downloads = 0;
  const storeOf = (node: NodeId) => {
    const store = stores.get(node) ?? new Map<ContentRoot, Uint8Array>();
    stores.set(node, store);
    return store;
  };

  function holders(root: ContentRoot, not: NodeId): NodeId[] {
    return [...stores].flatMap(([node, store]) =>
      node !== not && !down.has(node) && store.has(root) ? [node] : [],
    );
  }

  function join(self: NodeId): Content {
    const mine = storeOf(self);
    return {
      async put(source, { signal } = {}) {
        const parts: Uint8Array[] = [];
        for await (const part of source) {
          signal?.throwIfAborted();
          parts.push(part.slice());
        }
        const bytes = concatBytes(...parts);
        const root = rootOf(bytes);
        mine.set(root, bytes);
        return { root, size: bytes.length };
      },
      async *get(root, { offset = 0, length = Number.POSITIVE_INFINITY, signal } = {}) {
        const bytes = mine.get(root);
        if (bytes === undefined) throw missing(root);
        if (rootOf(bytes) !== root) throw corrupt(root);
        const end = Math.min(bytes.length, offset + length);
        for (let at = offset; at < end; at += stepBytes) {
          signal?.throwIfAborted();
          yield bytes.subarray(at, Math.min(end, at + stepBytes));
        }
      },
      async fetch(root, { maxBytes, from = [], recheck = false, signal, onProgress }) {
        signal?.throwIfAborted();
        const here = mine.get(root);
        if (here !== undefined && (!recheck || rootOf(here) === root)) {
          return { size: here.length, moved: 0, reused: here.length, peers: [], rejectedChunks: 0 };
        }
        downloads++;
        const ordered = [...new Set([...from, ...holders(root, self)])];
        let rejectedChunks = 0;
        for (const node of ordered) {
          const offered = down.has(node) ? undefined : stores.get(node)?.get(root);
          if (offered === undefined) continue;
          if (offered.length > maxBytes) throw corrupt(root);
          for (let at = 0; at < offered.length; at += stepBytes) {
            await Promise.resolve();
            signal?.throwIfAborted();
            const moved = Math.min(offered.length, at + stepBytes);
            onProgress?.({ total: offered.length, moved, reused: 0, peers: 1 });
          }
          if (rootOf(offered) !== root) {
            rejectedChunks++;
            continue;
          }
          mine.set(root, offered.slice());
          const peers: FetchedFrom[] = [{ node, bytes: offered.length, over: 'memory' }];
          return { size: offered.length, moved: offered.length, reused: 0, peers, rejectedChunks };
        }
        throw missing(root);
      },
      async replicate(root, { copies, prefer = [], signal }) {
        signal?.throwIfAborted();
        const bytes = mine.get(root);
        if (bytes === undefined) throw missing(root);
        const others = [...stores.keys()].filter((node) => node !== self && !down.has(node));
        const ordered = [...prefer.filter((node) => others.includes(node)), ...others];
        const chosen = [...new Set(ordered)].slice(0, copies);
        for (const node of chosen) storeOf(node).set(root, bytes.slice());
        if (chosen.length >= copies) return chosen;
        throw new CatalogError(
          {
            code: 'catalog/too-few-copies',
            wanted: copies,
            holders: chosen,
            next: 'ask again when more nodes are up',
          },
          `${chosen.length} of ${copies} further nodes have it`,
        );
      },
    };
  }

  return {
    join,
    stored: storeOf,
    setDown(node, isDown) {
      if (isDown) down.add(node);
      else down.delete(node);
    },
    downloads: () => downloads,
  };
}

function rootOf(bytes: Uint8Array): ContentRoot {
  return cidOf(bytes, 'dag-cbor', 'blake3-256') as ContentRoot;
}

function missing(root: ContentRoot): CatalogError {
  return new CatalogError(
    { code: 'catalog/content-missing', root, next: 'ask again when a node that holds it is up' },
    `Nobody has ${root}`,
  );
}

function corrupt(root: ContentRoot): CatalogError {
  return new CatalogError(
    { code: 'catalog/content-corrupt', root, next: 'fetch it anew' },
    `${root} is not what its name says`,
  );
}
