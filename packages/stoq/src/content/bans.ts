import type { ContentRoot } from '@hypermesh/core';

/** Who sent wrong bytes for which root, kept from fetch to fetch by the caller. */
export interface Bans {
  has(root: ContentRoot, peer: string): boolean;
  add(root: ContentRoot, peer: string): void;
}

/** Remembers the newest `most` bans of this process. */
export function createBans(most = 10_000): Bans {
  const bans = new Set<string>();
  const keyOf = (root: ContentRoot, peer: string) => `${root} ${peer}`;
  return {
    has: (root, peer) => bans.has(keyOf(root, peer)),
    add(root, peer) {
      bans.add(keyOf(root, peer));
      if (bans.size <= most) return;
      for (const oldest of bans) return void bans.delete(oldest);
    },
  };
}
