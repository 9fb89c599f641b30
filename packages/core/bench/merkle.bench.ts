import { interleave, report } from '@hypermesh/bench';
import { createMerkleTree, inclusionProof, leafHash, verifyInclusion } from '@hypermesh/core/merkle';

const size = 10_000;
const leaves = Array.from({ length: size }, (_, index) => leafHash(Uint8Array.of(index & 255, index >> 8)));
const tree = createMerkleTree(leaves);
const root = tree.root();
const proof = tree.inclusionProof(1234);

/** Microseconds of one call, over `turns` calls. */
function timed(turns: number, call: () => unknown): () => number {
  return () => {
    const startMs = performance.now();
    for (let turn = 0; turn < turns; turn += 1) call();
    return ((performance.now() - startMs) / turns) * 1000;
  };
}

const claim = { leafIndex: 1234, treeSize: size, leafHash: leaves[1234] as Uint8Array, proof, root };
const { kept, rebuilt, verified } = await interleave({
  rounds: 7,
  cases: {
    kept: timed(500, () => tree.inclusionProof(1234)),
    rebuilt: timed(2, () => inclusionProof(leaves, 1234)),
    verified: timed(500, () => verifyInclusion(claim)),
  },
});
report({
  name: `core/merkle-prove leaves=${size}`,
  value: kept,
  unit: 'us',
  baseline: rebuilt,
  baselineName: 'tree built anew',
  aim: '<= 0.01',
});
report({
  name: `core/merkle-verify leaves=${size}`,
  value: verified,
  unit: 'us',
  baseline: kept,
  baselineName: 'merkle-prove',
});
