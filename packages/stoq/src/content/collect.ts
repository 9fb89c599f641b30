import type { ChunkId, ContentRoot } from '@hypermesh/core';

/** A root as the garbage collector sees it. */
export interface StoredRoot {
  readonly root: ContentRoot;
  /** Its chunks with their sizes, each once. */
  readonly chunks: ReadonlyMap<ChunkId, number>;
  /** Whether it must stay, however full the store is: pinned, or on its way. */
  readonly isKept: boolean;
  readonly usedMs: number;
}

/** What goes and what stays. */
export interface CollectionPlan {
  readonly dropped: readonly ContentRoot[];
  /** Chunks that a root which stays needs, with their sizes. */
  readonly live: ReadonlyMap<ChunkId, number>;
  readonly bytes: number;
}

/**
 * Which roots stay within `maxBytes`: the kept ones in any case, then the others, those used last first, as long as what they add
 * fits. A chunk of several roots counts once.
 */
export function planCollection(roots: readonly StoredRoot[], maxBytes: number): CollectionPlan {
  const live = new Map<ChunkId, number>();
  let bytes = 0;
  const add = ({ chunks }: StoredRoot): void => {
    for (const [id, size] of chunks) {
      if (live.has(id)) continue;
      live.set(id, size);
      bytes += size;
    }
  };
  const dropped: ContentRoot[] = [];
  for (const stored of roots) if (stored.isKept) add(stored);
  const others = roots.filter(({ isKept }) => !isKept).sort((a, b) => b.usedMs - a.usedMs);
  for (const stored of others) {
    let more = 0;
    for (const [id, size] of stored.chunks) if (!live.has(id)) more += size;
    if (bytes + more <= maxBytes) add(stored);
    else dropped.push(stored.root);
  }
  return { dropped, live, bytes };
}
