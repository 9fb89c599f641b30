/** Everything that verifies and nothing that needs a disk, a network or a thread: for browsers and other light hosts. */
export { decodeGenesis, type Genesis, type GenesisReason, validatorsOf } from './ledger/genesis.ts';
export { type StateProof, type StateProofReason, verifyStateProof } from './ledger/state-tree.ts';
export * from './light/index.ts';
export { decodeOperation, type Operation, type OperationReason, operationIdOf } from './operation.ts';
export type { HeaderView } from './ports.ts';
export { type Profile, type ProfileName, profileOf } from './profiles.ts';
export { type ConsensusProof, decodeProof, type LegName, type PartName } from './proof.ts';
export type { VerifyContext } from './proof-context.ts';
export {
  type BindingReason,
  type OperationRefusal,
  type ProvenOperation,
  type SpaceReason,
  type StakeReason,
  type TimeReason,
  verifyOperation,
  type WorkReason,
} from './proof-verify.ts';
export { type PlotProof, type PlotProofReason, verifyPlotProof } from './space/verify.ts';
export { type VrfReason, verifyVrf } from './stake/vrf.ts';
export {
  type ClassGroupClaim,
  type ClassGroupReason,
  verifyClassGroupVdf,
} from './time/class-group/verify.ts';
export { type Vdf, type VdfClaim, vdf } from './time/vdf.ts';
export { type PuzzleParameters, verifyPuzzle } from './work/puzzle.ts';
export { type ReceiptReason, type Reexecutor, verifyReceipt, type WorkReceipt } from './work/receipt.ts';
