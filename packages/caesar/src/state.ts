import type { CanonicalValue } from '@hypermesh/core';

/**
 * Where the books are kept: canonical values under text keys. Reads see earlier writes. The view that an operation
 * ledger hands its rules fits as it is.
 */
export interface ValueState {
  get(key: string): CanonicalValue | undefined;
  set(key: string, value: CanonicalValue): void;
  /** All writes of one request, for a state that can be cut off between two `set`s: all of them or none. */
  apply?(writes: ReadonlyMap<string, CanonicalValue>): void;
}

/** Books in memory, for tests, simulations and replays. */
export function createMemoryState(): ValueState & { entries(): IterableIterator<[string, CanonicalValue]> } {
  const values = new Map<string, CanonicalValue>();
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.set(key, value);
    },
    entries: () => values.entries(),
  };
}
