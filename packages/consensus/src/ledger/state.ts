import { type CanonicalValue, decodeCanonical, encodeCanonical } from '@hypermesh/core';
import { proveEntry, rootOf, type StateNode, type StateProof, withEntry } from './state-tree.ts';

/** What a rule may do with the state: reads see the writes made before in the same operation. */
export interface StateView {
  get(key: string): CanonicalValue | undefined;
  /** Sets a value; undefined removes the key. */
  set(key: string, value: CanonicalValue | undefined): void;
}

/** The state of a ledger: key-value entries with a Merkle root, and the versions of recent heights. */
export interface LedgerState extends StateView {
  entries(prefix: string): IterableIterator<readonly [string, CanonicalValue]>;
  root(): Uint8Array;
  /** Keeps the present state as that of `height` and lets go of what is older than the number of heights kept. */
  seal(height: number): void;
  /** The root that was sealed at `height`, while it is kept. */
  rootAt(height: number): Uint8Array | undefined;
  prove(key: string, height: number): StateProof | undefined;
  /** Runs `change` on a copy: kept where it answers true, else gone. */
  attempt(change: (view: StateView) => boolean): boolean;
}

/** An empty state that keeps the versions of `keptHeights` heights, which share what did not change. */
export function createLedgerState(keptHeights: number): LedgerState {
  const values = new Map<string, Uint8Array>();
  const versions = new Map<number, StateNode>();
  let tree: StateNode;

  const decode = (bytes: Uint8Array | undefined): CanonicalValue | undefined => {
    if (bytes === undefined) return undefined;
    const decoded = decodeCanonical(bytes);
    return decoded.ok ? decoded.value : undefined;
  };
  const write = (key: string, bytes: Uint8Array | undefined): void => {
    tree = withEntry(tree, key, bytes);
    if (bytes === undefined) values.delete(key);
    else values.set(key, bytes);
  };

  return {
    get: (key) => decode(values.get(key)),
    set: (key, value) => write(key, value === undefined ? undefined : encodeCanonical(value)),
    *entries(prefix) {
      for (const [key, bytes] of values) {
        if (key.startsWith(prefix)) yield [key, decode(bytes) as CanonicalValue];
      }
    },
    root: () => rootOf(tree),
    seal(height) {
      versions.set(height, tree);
      versions.delete(height - keptHeights);
    },
    rootAt: (height) => (versions.has(height) ? rootOf(versions.get(height)) : undefined),
    prove: (key, height) => proveEntry(versions.get(height), key),
    attempt(change) {
      const writes = new Map<string, Uint8Array | undefined>();
      const isKept = change({
        get: (key) => decode(writes.has(key) ? writes.get(key) : values.get(key)),
        set: (key, value) => {
          writes.set(key, value === undefined ? undefined : encodeCanonical(value));
        },
      });
      if (isKept) for (const [key, bytes] of writes) write(key, bytes);
      return isKept;
    },
  };
}
