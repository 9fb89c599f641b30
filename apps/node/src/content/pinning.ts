import type { ContentRoot } from '@hypermesh/core';
import type { DiskStore } from '@hypermesh/stoq/content';

/** Pins of roots that several may be bringing at once. */
export interface Pinning {
  /**
   * Runs work on a pinned root, so that what comes is not collected before it is whole. Where the work fails, the pin goes
   * with the last that waits, unless it stood before, another's work succeeded, or `keep` was called meanwhile.
   */
  whilePinned<T>(root: ContentRoot, work: (wasPinned: boolean) => Promise<T>): Promise<T>;
  /** Pins for good. */
  keep(root: ContentRoot): Promise<void>;
}

interface Coming {
  waiting: number;
  isKept: boolean;
  /** Resolves when the root is pinned: whether it was before. */
  readonly begun: Promise<boolean>;
}

/** Pinning over a store: whoever asks for a root in vain takes nothing from those who have it. */
export function createPinning(store: Pick<DiskStore, 'isPinned' | 'pin' | 'unpin'>): Pinning {
  const coming = new Map<ContentRoot, Coming>();
  const leaving = new Map<ContentRoot, Promise<void>>();

  async function begin(root: ContentRoot): Promise<boolean> {
    await leaving.get(root);
    const wasPinned = await store.isPinned(root);
    if (!wasPinned) await store.pin(root);
    return wasPinned;
  }

  async function leave(root: ContentRoot): Promise<void> {
    const gone = store.unpin(root).finally(() => leaving.delete(root));
    leaving.set(root, gone);
    await gone;
  }

  return {
    async whilePinned(root, work) {
      const mine = coming.get(root) ?? { waiting: 0, isKept: false, begun: begin(root) };
      coming.set(root, mine);
      mine.waiting++;
      try {
        const wasPinned = await mine.begun;
        mine.isKept ||= wasPinned;
        const done = await work(wasPinned);
        mine.isKept = true;
        return done;
      } finally {
        mine.waiting--;
        if (mine.waiting === 0) {
          coming.delete(root);
          if (!mine.isKept) await leave(root);
        }
      }
    },
    async keep(root) {
      const mine = coming.get(root);
      if (mine !== undefined) mine.isKept = true;
      await leaving.get(root);
      await store.pin(root);
    },
  };
}
