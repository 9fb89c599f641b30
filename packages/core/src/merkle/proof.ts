import { CoreError } from '../failure.ts';
import { emptyRoot, nodeHash } from './hash.ts';

/**
 * Gives the hash of the complete subtree at `index` of `level`: the leaves `index · 2^level` to
 * `(index + 1) · 2^level - 1`. Level 0 holds the leaf hashes.
 */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** Refuses a number that names no leaf or size; `limit` is the largest that does. */
export function demandCount(value: number, name: string, limit: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= limit) return;
  throw new CoreError(
    { code: 'core/out-of-range', name },
    `${name} is ${value}, not an integer in 0 … ${limit}`,
  );
}

/** The largest power of two below `size`, for a size of two or more. */
function split(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** Hash of `size` leaves from `start` on; `start` is a multiple of the power of two at or above `size`. */
function rangeHash(start: number, size: number, read: NodeReader): Uint8Array {
  const left = split(size);
  if (size === 1) return read(0, start);
  if (left * 2 === size) return read(Math.log2(size), start / size);
  return nodeHash(rangeHash(start, left, read), rangeHash(start + left, size - left, read));
}

/** Root of the first `size` leaves, from O(log n) reads of complete subtrees. */
export function treeRoot(size: number, read: NodeReader): Uint8Array {
  demandCount(size, 'size', Number.MAX_SAFE_INTEGER);
  return size === 0 ? emptyRoot() : rangeHash(0, size, read);
}

/** Inclusion proof (RFC 6962 §2.1.1) of leaf `index` in the tree of `size` leaves, lowest sibling first. */
export function treeInclusionProof(index: number, size: number, read: NodeReader): Uint8Array[] {
  demandCount(size, 'size', Number.MAX_SAFE_INTEGER);
  demandCount(index, 'index', size - 1);
  const proof: Uint8Array[] = [];
  let start = 0;
  let length = size;
  while (length > 1) {
    const left = split(length);
    if (index - start < left) {
      proof.push(rangeHash(start + left, length - left, read));
      length = left;
    } else {
      proof.push(rangeHash(start, left, read));
      start += left;
      length -= left;
    }
  }
  return proof.reverse();
}

/** Consistency proof (RFC 6962 §2.1.2) from the tree of `size1` leaves, one or more, to the one of `size2`. */
export function treeConsistencyProof(size1: number, size2: number, read: NodeReader): Uint8Array[] {
  demandCount(size2, 'size2', Number.MAX_SAFE_INTEGER);
  demandCount(size1, 'size1', size2);
  if (size1 === 0) {
    throw new CoreError(
      { code: 'core/out-of-range', name: 'size1' },
      'an empty tree has no consistency proof',
    );
  }
  const proof: Uint8Array[] = [];
  let start = 0;
  let length = size2;
  while (size1 - start !== length) {
    const left = split(length);
    if (size1 - start <= left) {
      proof.push(rangeHash(start + left, length - left, read));
      length = left;
    } else {
      proof.push(rangeHash(start, left, read));
      start += left;
      length -= left;
    }
  }
  if (start > 0) proof.push(rangeHash(start, length, read));
  return proof.reverse();
}
