/** Writes that are under way, no more than so many at once. */
export interface Writes {
  /** Takes a write; resolves when there is room for the next one. Rejects with what any earlier one failed with. */
  add(write: Promise<void>): Promise<void>;
  /** Resolves when all have ended; rejects with what the first of them failed with. */
  settled(): Promise<void>;
}

/** Keeps at most `most` writes waiting. */
export function createWrites(most: number): Writes {
  const writes = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const check = () => {
    if (failures.length > 0) throw failures[0];
  };
  return {
    async add(write) {
      const ended: Promise<void> = write
        .catch((error: unknown) => void failures.push(error))
        .finally(() => writes.delete(ended));
      writes.add(ended);
      if (writes.size >= most) await Promise.race(writes);
      check();
    },
    async settled() {
      await Promise.all(writes);
      check();
    },
  };
}
