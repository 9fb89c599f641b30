export { createFrontier, type Frontier, type FrontierState } from './frontier.ts';
export { emptyRoot, HASH_LENGTH, leafHash, nodeHash } from './hash.ts';
export { type NodeReader, treeConsistencyProof, treeInclusionProof, treeRoot } from './proof.ts';
export { consistencyProof, createMerkleTree, inclusionProof, type MerkleTree, merkleRoot } from './tree.ts';
export {
  type ConsistencyClaim,
  type HashInput,
  type InclusionClaim,
  type MerkleReason,
  verifyConsistency,
  verifyInclusion,
} from './verify.ts';
