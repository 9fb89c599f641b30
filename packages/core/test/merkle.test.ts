import { equalBytes, sha256, toHex } from '@hypermesh/core';
import {
  consistencyProof,
  createFrontier,
  createMerkleTree,
  emptyRoot,
  inclusionProof,
  leafHash,
  merkleRoot,
  nodeHash,
  treeInclusionProof,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '@hypermesh/core/merkle';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const leaves = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => leafHash(Uint8Array.of(index & 255, index >> 8)));

/** The definitions of RFC 6962 §2.1, word for word. */
function modelRoot(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0] as Uint8Array;
  const k = modelSplit(hashes.length);
  return nodeHash(modelRoot(hashes.slice(0, k)), modelRoot(hashes.slice(k)));
}
function modelSplit(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}
function modelPath(m: number, hashes: readonly Uint8Array[]): Uint8Array[] {
  if (hashes.length <= 1) return [];
  const k = modelSplit(hashes.length);
  return m < k
    ? [...modelPath(m, hashes.slice(0, k)), modelRoot(hashes.slice(k))]
    : [...modelPath(m - k, hashes.slice(k)), modelRoot(hashes.slice(0, k))];
}
function modelSubproof(m: number, hashes: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (m === hashes.length) return whole ? [] : [modelRoot(hashes)];
  const k = modelSplit(hashes.length);
  return m <= k
    ? [...modelSubproof(m, hashes.slice(0, k), whole), modelRoot(hashes.slice(k))]
    : [...modelSubproof(m - k, hashes.slice(k), false), modelRoot(hashes.slice(0, k))];
}

const sizes = fc
  .integer({ min: 1, max: 70 })
  .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 1, max: size })));

describe('merkle', () => {
  test('hashes are those of RFC 6962', () => {
    expect(toHex(emptyRoot())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(toHex(leafHash(new Uint8Array(0)))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(leafHash(new Uint8Array(9000))).toEqual(sha256(new Uint8Array(1), new Uint8Array(9000)));
  });

  test('roots and proofs are those of the recursive definition, and verify', () => {
    fc.assert(
      fc.property(sizes, ([size, first]) => {
        const hashes = leaves(size);
        const root = modelRoot(hashes);
        const index = first - 1;
        expect(merkleRoot(hashes)).toEqual(root);
        const path = inclusionProof(hashes, index);
        expect(path).toEqual(modelPath(index, hashes));
        const leaf = hashes[index] as Uint8Array;
        expect(
          verifyInclusion({ leafIndex: index, treeSize: size, leafHash: leaf, proof: path, root }),
        ).toEqual({ ok: true });
        const proof = consistencyProof(hashes, first);
        expect(proof).toEqual(modelSubproof(first, hashes, true));
        const root1 = modelRoot(hashes.slice(0, first));
        expect(verifyConsistency({ size1: first, size2: size, root1, root2: root, proof })).toEqual({
          ok: true,
        });
      }),
    );
  });

  test('a tree that grew proves every earlier size, and a frontier has the same roots', () => {
    const tree = createMerkleTree();
    let frontier = createFrontier();
    const hashes = leaves(40);
    for (const [index, hash] of hashes.entries()) {
      expect(tree.append(hash)).toBe(index);
      frontier.append(hash);
      frontier = createFrontier(structuredClone(frontier.state()));
      expect(frontier.size).toBe(index + 1);
      expect(frontier.root()).toEqual(tree.root());
    }
    for (let size = 0; size <= 40; size += 1) {
      expect(tree.root(size)).toEqual(modelRoot(hashes.slice(0, size)));
      if (size === 0) continue;
      expect(tree.inclusionProof(size - 1, size)).toEqual(modelPath(size - 1, hashes.slice(0, size)));
      expect(tree.consistencyProof(size)).toEqual(modelSubproof(size, hashes, true));
    }
  });

  test('a reader over complete subtrees is all that roots and proofs need', () => {
    const tree = createMerkleTree(leaves(37));
    const read = (level: number, index: number): Uint8Array => tree.node(level, index);
    expect(treeRoot(37, read)).toEqual(tree.root());
    expect(treeInclusionProof(36, 37, read)).toEqual(tree.inclusionProof(36));
  });

  test('hashes that a tree hands out are copies', () => {
    const tree = createMerkleTree(leaves(5));
    const before = tree.root().slice();
    tree.leaf(0).fill(0);
    tree.root().fill(0);
    tree.inclusionProof(0)[0]?.fill(0);
    expect(tree.root()).toEqual(before);
    const frontier = createFrontier();
    const leaf = leafHash(Uint8Array.of(1));
    frontier.append(leaf);
    leaf.fill(0);
    frontier.root().fill(0);
    expect(frontier.root()).toEqual(leafHash(Uint8Array.of(1)));
  });

  test('a planted change in any part of a proof is caught', () => {
    const hashes = leaves(23);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 22 }), fc.nat(10), fc.nat(255), (first, position, bit) => {
        const root2 = merkleRoot(hashes);
        const root1 = merkleRoot(hashes.slice(0, first));
        const flip = (hash: Uint8Array): Uint8Array => {
          const copy = hash.slice();
          copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
          return copy;
        };
        const change = (proof: Uint8Array[]): Uint8Array[] =>
          proof.map((hash, index) => (index === position % proof.length ? flip(hash) : hash));
        const included = {
          leafIndex: first,
          treeSize: 23,
          leafHash: hashes[first] as Uint8Array,
          proof: inclusionProof(hashes, first),
          root: root2,
        };
        const claim = { size1: first, size2: 23, root1, root2, proof: consistencyProof(hashes, first) };
        expect(verifyInclusion(included).ok && verifyConsistency(claim).ok).toBe(true);
        expect(verifyInclusion({ ...included, proof: change(included.proof) }).ok).toBe(false);
        expect(verifyInclusion({ ...included, root: flip(root2) }).ok).toBe(false);
        expect(verifyInclusion({ ...included, leafHash: flip(included.leafHash) }).ok).toBe(false);
        expect(verifyInclusion({ ...included, leafIndex: first - 1 }).ok).toBe(false);
        expect(verifyConsistency({ ...claim, proof: change(claim.proof) }).ok).toBe(false);
        expect(verifyConsistency({ ...claim, root1: flip(root1) }).ok).toBe(false);
        expect(verifyConsistency({ ...claim, root2: flip(root2) }).ok).toBe(false);
      }),
    );
  });

  const root = merkleRoot(leaves(3));
  const leaf = leaves(3)[0] as Uint8Array;
  const proof = inclusionProof(leaves(3), 0);
  const included = { leafIndex: 0, treeSize: 3, leafHash: leaf, proof, root };
  test.each([
    ['out-of-range', { ...included, leafIndex: 3 }],
    ['out-of-range', { ...included, leafIndex: -1 }],
    ['out-of-range', { ...included, leafIndex: 0.5 }],
    ['out-of-range', { ...included, leafIndex: 2 ** 64 }],
    ['out-of-range', { ...included, leafIndex: 0n }],
    ['out-of-range', { ...included, treeSize: 0 }],
    ['out-of-range', { ...included, treeSize: Number.NaN }],
    ['out-of-range', undefined],
    ['malformed', { ...included, root: root.slice(1) }],
    ['malformed', { ...included, root: 'zz'.repeat(32) }],
    ['malformed', { ...included, root: 'a'.repeat(1_000_000) }],
    ['malformed', { ...included, leafHash: undefined }],
    ['malformed', { ...included, proof: [new Uint8Array(31)] }],
    ['malformed', { ...included, proof: new Array(1000).fill(leaf) }],
    ['malformed', { ...included, proof: 'proof' }],
    ['proof-length', { ...included, proof: [] }],
    ['proof-length', { ...included, proof: null }],
    ['proof-length', { ...included, proof: [...proof, leaf] }],
    ['root-mismatch', { ...included, root: leaf }],
  ])('an inclusion claim is refused as %s', (reason, claim) => {
    expect(verifyInclusion(claim as typeof included)).toEqual({ ok: false, reason });
  });

  const claim = {
    size1: 2,
    size2: 3,
    root1: merkleRoot(leaves(2)),
    root2: root,
    proof: consistencyProof(leaves(3), 2),
  };
  test.each([
    ['out-of-range', { ...claim, size1: 0 }],
    ['out-of-range', { ...claim, size1: 4 }],
    ['out-of-range', { ...claim, size2: Number.POSITIVE_INFINITY }],
    ['out-of-range', null],
    ['malformed', { ...claim, root1: new Uint8Array(3) }],
    ['malformed', { ...claim, proof: [1] }],
    ['malformed', { ...claim, size1: 3, root1: 7 }],
    ['proof-length', { ...claim, proof: [] }],
    ['proof-length', { ...claim, proof: [...claim.proof, leaf] }],
    ['proof-length', { ...claim, size1: 3, root1: root }],
    ['root-mismatch', { ...claim, size1: 3, proof: [] }],
    ['root-mismatch', { ...claim, root1: root }],
  ])('a consistency claim is refused as %s', (reason, altered) => {
    expect(verifyConsistency(altered as typeof claim)).toEqual({ ok: false, reason });
  });

  test('misuse of builders is refused by code', () => {
    const tree = createMerkleTree(leaves(3));
    const misuse: readonly (readonly [string, () => unknown])[] = [
      ['core/out-of-range', () => tree.leaf(3)],
      ['core/out-of-range', () => tree.root(4)],
      ['core/out-of-range', () => tree.inclusionProof(0, 9)],
      ['core/out-of-range', () => tree.inclusionProof(0, 0)],
      ['core/out-of-range', () => tree.consistencyProof(0)],
      ['core/out-of-range', () => tree.consistencyProof(3, 2)],
      ['core/out-of-range', () => tree.node(9, 0)],
      ['core/out-of-range', () => treeRoot(-1, () => leaf)],
      ['core/wrong-length', () => tree.append(new Uint8Array(31))],
      ['core/wrong-length', () => nodeHash(leaf, new Uint8Array(0))],
      ['core/wrong-length', () => createFrontier({ size: 3, hashes: [leaf] })],
    ];
    for (const [code, call] of misuse) expect(call).toThrow(expect.objectContaining({ code }));
    expect(tree.size).toBe(3);
    expect(equalBytes(tree.root(), root)).toBe(true);
  });
});
