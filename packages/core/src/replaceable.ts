/**
 * A value that may be exchanged while it is in use, such as a certificate that rotates: readers call `current()` each
 * time and keep nothing; `subscribe` hears of each exchange, in order, after it happened.
 */
export interface Replaceable<T> {
  current(): T;
  subscribe(listener: (next: T) => void): () => void;
}

/** A `Replaceable` with its writer. A listener that throws hinders neither the exchange nor the other listeners. */
export interface ReplaceableCell<T> extends Replaceable<T> {
  /** Exchanges the value; answers what the listeners threw, in order. */
  replace(next: T): readonly unknown[];
}

/** Makes a replaceable value that starts as `initial`. */
export function createReplaceable<T>(initial: T): ReplaceableCell<T> {
  let value = initial;
  const listeners = new Set<(next: T) => void>();
  return {
    current: () => value,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    replace(next) {
      value = next;
      const thrown: unknown[] = [];
      for (const listener of [...listeners]) {
        try {
          listener(next);
        } catch (error) {
          thrown.push(error);
        }
      }
      return thrown;
    },
  };
}
