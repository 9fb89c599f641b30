import { concatBytes, domainHash, equalBytes, sha256, utf8, type Verdict } from '@hypermesh/core';
import { leafHash, nodeHash } from '@hypermesh/core/merkle';

/**
 * A Merkle tree over key-value entries in the order of their hashed keys: a binary trie in which a subtree of one
 * entry is that leaf and an empty one is 32 zero bytes. Leaves and nodes hash as in RFC 6962. The shape depends on
 * the entries alone, not on their history; versions share what they have in common.
 */
export type StateNode = Leaf | Branch | undefined;

interface Leaf {
  readonly keyHash: Uint8Array;
  readonly value: Uint8Array;
  hash?: Uint8Array;
}

interface Branch {
  readonly left: StateNode;
  readonly right: StateNode;
  /** Filled in when it is first asked for, so that a block with many writes hashes each node once. */
  hash?: Uint8Array;
}

const EMPTY = new Uint8Array(32);
/** Keys are hashes: a deeper path would take two keys that agree in 128 bits. */
export const MAX_DEPTH = 128;

const isLeaf = (node: Leaf | Branch): node is Leaf => 'keyHash' in node;
const bitOf = (hash: Uint8Array, depth: number): number =>
  ((hash[depth >>> 3] as number) >>> (7 - (depth & 7))) & 1;

/** Where in the tree a key stands. */
function keyHashOf(key: string): Uint8Array {
  return domainHash('hypermesh/consensus/state-key/v1', utf8(key));
}

function hashOfLeaf(keyHash: Uint8Array, value: Uint8Array): Uint8Array {
  return leafHash(concatBytes(keyHash, sha256(value)));
}

function hashOf(node: StateNode): Uint8Array {
  if (node === undefined) return EMPTY;
  node.hash ??= isLeaf(node)
    ? hashOfLeaf(node.keyHash, node.value)
    : nodeHash(hashOf(node.left), hashOf(node.right));
  return node.hash;
}

function branchOf(left: StateNode, right: StateNode): StateNode {
  if (left === undefined && (right === undefined || isLeaf(right))) return right;
  if (right === undefined && left !== undefined && isLeaf(left)) return left;
  return { left, right };
}

function put(node: StateNode, leaf: Leaf, depth: number): StateNode {
  if (node === undefined) return leaf;
  if (isLeaf(node)) {
    if (equalBytes(node.keyHash, leaf.keyHash)) return leaf;
    const mine = bitOf(leaf.keyHash, depth);
    if (mine !== bitOf(node.keyHash, depth)) return mine === 0 ? branchOf(leaf, node) : branchOf(node, leaf);
    const below = put(node, leaf, depth + 1);
    return mine === 0 ? branchOf(below, undefined) : branchOf(undefined, below);
  }
  return bitOf(leaf.keyHash, depth) === 0
    ? branchOf(put(node.left, leaf, depth + 1), node.right)
    : branchOf(node.left, put(node.right, leaf, depth + 1));
}

function drop(node: StateNode, keyHash: Uint8Array, depth: number): StateNode {
  if (node === undefined) return undefined;
  if (isLeaf(node)) return equalBytes(node.keyHash, keyHash) ? undefined : node;
  return bitOf(keyHash, depth) === 0
    ? branchOf(drop(node.left, keyHash, depth + 1), node.right)
    : branchOf(node.left, drop(node.right, keyHash, depth + 1));
}

/** The tree with `key` set to `value`, or without the key where `value` is undefined. The old tree stays as it is. */
export function withEntry(root: StateNode, key: string, value: Uint8Array | undefined): StateNode {
  const keyHash = keyHashOf(key);
  return value === undefined ? drop(root, keyHash, 0) : put(root, { keyHash, value }, 0);
}

/** Root hash of a tree, 32 bytes. */
export function rootOf(root: StateNode): Uint8Array {
  return hashOf(root);
}

/** That a key has a value (canonical bytes) in a state: siblings from the root down. */
export interface StateProof {
  readonly key: string;
  readonly value: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** Proves the value of `key`, undefined where the tree has none. */
export function proveEntry(root: StateNode, key: string): StateProof | undefined {
  const keyHash = keyHashOf(key);
  const path: Uint8Array[] = [];
  let node = root;
  while (node !== undefined && !isLeaf(node)) {
    const [next, sibling] =
      bitOf(keyHash, path.length) === 0 ? [node.left, node.right] : [node.right, node.left];
    path.push(hashOf(sibling));
    node = next;
  }
  return node !== undefined && equalBytes(node.keyHash, keyHash)
    ? { key, value: node.value, path }
    : undefined;
}

export type StateProofReason = 'malformed' | 'wrong-root';

/** Checks a state proof against a root of 32 bytes. */
export function verifyStateProof(proof: StateProof, root: Uint8Array): Verdict<object, StateProofReason> {
  const isSound =
    typeof proof?.key === 'string' &&
    proof.value instanceof Uint8Array &&
    Array.isArray(proof.path) &&
    proof.path.length <= MAX_DEPTH &&
    proof.path.every((hash) => hash instanceof Uint8Array && hash.length === 32) &&
    root instanceof Uint8Array;
  if (!isSound) return { ok: false, reason: 'malformed' };
  const keyHash = keyHashOf(proof.key);
  let hash = hashOfLeaf(keyHash, proof.value);
  for (let depth = proof.path.length - 1; depth >= 0; depth--) {
    const sibling = proof.path[depth] as Uint8Array;
    hash = bitOf(keyHash, depth) === 0 ? nodeHash(hash, sibling) : nodeHash(sibling, hash);
  }
  return equalBytes(hash, root) ? { ok: true } : { ok: false, reason: 'wrong-root' };
}
