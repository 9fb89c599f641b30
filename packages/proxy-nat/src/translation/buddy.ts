/**
 * Blocks of powers of two in a space that is one itself, each aligned to its size. Addresses are numbers, so the space
 * is at most 2^52; freed halves join again.
 */
export interface Buddy {
  /** The lowest free block of `2 ** log2` units, or undefined where none is left. */
  take(log2: number): number | undefined;
  /** Gives a block back that `take` gave, with the same size. */
  give(start: number, log2: number): void;
}

/** Makes an allocator over `[0, 2 ** totalLog2)` with blocks of at least `2 ** leastLog2`. */
export function createBuddy(totalLog2: number, leastLog2: number): Buddy {
  const free = Array.from({ length: totalLog2 + 1 }, () => new Set<number>());
  free[totalLog2]?.add(0);
  const listOf = (log2: number): Set<number> => free[log2] ?? new Set();
  return {
    take(wanted) {
      const log2 = Math.max(wanted, leastLog2);
      let from = log2;
      while (from <= totalLog2 && listOf(from).size === 0) from += 1;
      if (from > totalLog2) return undefined;
      const start = lowest(listOf(from));
      listOf(from).delete(start);
      while (from > log2) {
        from -= 1;
        listOf(from).add(start + 2 ** from);
      }
      return start;
    },
    give(start, wanted) {
      let log2 = Math.max(wanted, leastLog2);
      let block = start;
      for (; log2 < totalLog2; log2 += 1) {
        const isUpper = Math.floor(block / 2 ** log2) % 2 === 1;
        const twin = isUpper ? block - 2 ** log2 : block + 2 ** log2;
        if (!listOf(log2).delete(twin)) break;
        block = Math.min(block, twin);
      }
      listOf(log2).add(block);
    },
  };
}

function lowest(starts: ReadonlySet<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const start of starts) if (start < least) least = start;
  return least;
}
