import { equalBytes, fromHex, isBytes } from '../bytes.ts';
import type { Verdict } from '../verdict.ts';
import { HASH_LENGTH, nodeHash } from './hash.ts';

/** Why a proof is refused. */
export type MerkleReason = 'malformed' | 'out-of-range' | 'proof-length' | 'root-mismatch';

/** A hash of a tree as bytes or hex. */
export type HashInput = Uint8Array | string;

/** The claim that a leaf stands at an index of the tree with this size and root. Indices count from 0. */
export interface InclusionClaim {
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly leafHash: HashInput;
  readonly proof: readonly HashInput[];
  readonly root: HashInput;
}

/** The claim that the tree of `size2` began as the tree of `size1`. */
export interface ConsistencyClaim {
  readonly size1: number;
  readonly size2: number;
  readonly root1: HashInput;
  readonly root2: HashInput;
  readonly proof: readonly HashInput[];
}

const MALFORMED = { ok: false, reason: 'malformed' } as const;
const OUT_OF_RANGE = { ok: false, reason: 'out-of-range' } as const;
const PROOF_LENGTH = { ok: false, reason: 'proof-length' } as const;
const ROOT_MISMATCH = { ok: false, reason: 'root-mismatch' } as const;

/** No tree has more levels than a safe integer has bits, so no longer proof is worth a look. */
const MAX_PROOF = 2 * 53;

function bytesOf(input: unknown): Uint8Array | undefined {
  if (isBytes(input)) return input;
  if (typeof input !== 'string' || input.length > 2 * HASH_LENGTH) return undefined;
  const parsed = fromHex(input);
  return parsed.ok ? parsed.bytes : undefined;
}

function hashOf(input: unknown): Uint8Array | undefined {
  const bytes = bytesOf(input);
  return bytes?.length === HASH_LENGTH ? bytes : undefined;
}

/** The hashes of a proof; a proof without any may also be absent, as JSON of other programs writes it. */
function hashesOf(proof: unknown): Uint8Array[] | undefined {
  if (proof === null || proof === undefined) return [];
  if (!Array.isArray(proof) || proof.length > MAX_PROOF) return undefined;
  const hashes: Uint8Array[] = [];
  for (const item of proof) {
    const hash = hashOf(item);
    if (hash === undefined) return undefined;
    hashes.push(hash);
  }
  return hashes;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);

function isPowerOfTwo(value: number): boolean {
  let rest = value;
  while (rest > 1 && !isOdd(rest)) rest = half(rest);
  return rest === 1;
}

/**
 * Checks an inclusion proof (RFC 9162 §2.1.3.2, the trees of RFC 6962). At most one hash for each level of the tree;
 * never throws.
 */
export function verifyInclusion(claim: InclusionClaim): Verdict<object, MerkleReason> {
  const { leafIndex, treeSize } = claim ?? {};
  if (!isCount(leafIndex) || !isCount(treeSize) || leafIndex >= treeSize) return OUT_OF_RANGE;
  const root = hashOf(claim.root);
  let hash = hashOf(claim.leafHash);
  const proof = hashesOf(claim.proof);
  if (root === undefined || hash === undefined || proof === undefined) return MALFORMED;
  let node = leafIndex;
  let last = treeSize - 1;
  for (const sibling of proof) {
    if (last === 0) return PROOF_LENGTH;
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = half(node);
    last = half(last);
  }
  if (last !== 0) return PROOF_LENGTH;
  return equalBytes(hash, root) ? { ok: true } : ROOT_MISMATCH;
}

/**
 * Checks a consistency proof (RFC 9162 §2.1.4.2, the trees of RFC 6962). An empty first tree is consistent with any
 * other and proves nothing, so it is refused; equal sizes need equal roots and an empty proof. Never throws.
 */
export function verifyConsistency(claim: ConsistencyClaim): Verdict<object, MerkleReason> {
  const { size1, size2 } = claim ?? {};
  if (!isCount(size1) || !isCount(size2) || size1 === 0 || size1 > size2) return OUT_OF_RANGE;
  const proof = hashesOf(claim.proof);
  if (proof === undefined) return MALFORMED;
  if (size1 === size2) return sameTree(claim, proof);
  const root1 = hashOf(claim.root1);
  const root2 = hashOf(claim.root2);
  if (root1 === undefined || root2 === undefined) return MALFORMED;
  const path = isPowerOfTwo(size1) ? [root1, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined || proof.length === 0) return PROOF_LENGTH;
  let node = size1 - 1;
  let last = size2 - 1;
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  let before = first;
  let after = first;
  for (const sibling of rest) {
    if (last === 0) return PROOF_LENGTH;
    if (isOdd(node) || node === last) {
      before = nodeHash(sibling, before);
      after = nodeHash(sibling, after);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      after = nodeHash(after, sibling);
    }
    node = half(node);
    last = half(last);
  }
  if (last !== 0) return PROOF_LENGTH;
  return equalBytes(before, root1) && equalBytes(after, root2) ? { ok: true } : ROOT_MISMATCH;
}

/** One tree under two names: its roots are only compared, never hashed. */
function sameTree(claim: ConsistencyClaim, proof: readonly Uint8Array[]): Verdict<object, MerkleReason> {
  const root1 = bytesOf(claim.root1);
  const root2 = bytesOf(claim.root2);
  if (root1 === undefined || root2 === undefined) return MALFORMED;
  if (proof.length !== 0) return PROOF_LENGTH;
  return equalBytes(root1, root2) ? { ok: true } : ROOT_MISMATCH;
}
