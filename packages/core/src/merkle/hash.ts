import { concatBytes, demandBytes } from '../bytes.ts';
import { sha256 } from '../hash.ts';

/** Bytes of every hash of a tree. */
export const HASH_LENGTH = 32;

const LEAF_PREFIX: Uint8Array = Uint8Array.of(0);
const pair: Uint8Array = new Uint8Array(1 + 2 * HASH_LENGTH).fill(1, 0, 1);

/** Refuses what is no hash of a tree: API misuse, since foreign hashes meet a verifier first. */
export function demandHash(hash: Uint8Array, name: string): Uint8Array {
  return demandBytes(hash, name, HASH_LENGTH);
}

/** Hash of an entry as a leaf: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  demandBytes(entry, 'entry');
  return entry.length <= 4096 ? sha256(concatBytes(LEAF_PREFIX, entry)) : sha256(LEAF_PREFIX, entry);
}

/** Hash of two subtrees: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(demandHash(left, 'left'), 1);
  pair.set(demandHash(right, 'right'), 1 + HASH_LENGTH);
  return sha256(pair);
}

/** Root of the tree without entries: SHA-256 of nothing. */
export function emptyRoot(): Uint8Array {
  return sha256(new Uint8Array(0));
}
