export type { BlockHeader } from '../engine/block.ts';
export type { StateProof } from '../ledger/state-tree.ts';
export { decodeFinalityProof, encodeFinalityProof, type FinalityProof } from './proof.ts';
export { trustGenesis } from './trust.ts';
export {
  type FinalityReason,
  type LightTrust,
  type StateReason,
  verifyFinality,
  verifyState,
} from './verify.ts';
