import { CoreError } from '../failure.ts';
import { demandHash, emptyRoot, nodeHash } from './hash.ts';
import { demandCount } from './proof.ts';

/** What a frontier is: how many leaves, and the hash of each complete subtree from the largest, leftmost on. */
export interface FrontierState {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

/** A tree that only grows and keeps no more than its right edge: at most 53 hashes. It has a root and no proofs. */
export interface Frontier {
  readonly size: number;
  append(leafHash: Uint8Array): void;
  root(): Uint8Array;
  /** A copy, to be stored and handed to `createFrontier` later. */
  state(): FrontierState;
}

function ones(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}

/** Makes a frontier, empty or as `state` left it. Throws `core/wrong-length` when `state` holds too few hashes or many. */
export function createFrontier(state: FrontierState = { size: 0, hashes: [] }): Frontier {
  demandCount(state.size, 'size', Number.MAX_SAFE_INTEGER);
  if (ones(state.size) !== state.hashes.length) {
    throw new CoreError(
      { code: 'core/wrong-length', name: 'hashes', length: state.hashes.length },
      `${state.size} leaves have ${ones(state.size)} complete subtrees, not ${state.hashes.length}`,
    );
  }
  const edge: Uint8Array[] = state.hashes.map((hash) => new Uint8Array(demandHash(hash, 'hash')));
  let size = state.size;
  return {
    get size() {
      return size;
    },
    append(leafHash) {
      // Not by `slice`, which of a Buffer is a view.
      let hash: Uint8Array = new Uint8Array(demandHash(leafHash, 'leafHash'));
      for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
        hash = nodeHash(edge.pop() as Uint8Array, hash);
      }
      edge.push(hash);
      size += 1;
    },
    root: () => (size === 0 ? emptyRoot() : edge.reduceRight((right, left) => nodeHash(left, right)).slice()),
    state: () => ({ size, hashes: edge.map((hash) => hash.slice()) }),
  };
}
