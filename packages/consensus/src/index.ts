export { type Block, type BlockHeader, headerHash } from './engine/block.ts';
export type { Certificate } from './engine/certificate.ts';
export { createValidator } from './engine/driver.ts';
export type { EngineFailure } from './engine/failure.ts';
export type {
  FinalizedEntry,
  Receipt,
  ValidatorNode,
  ValidatorPorts,
  ValidatorStatus,
} from './engine/validator-node.ts';
export { ConsensusError, type ConsensusFailure } from './errors.ts';
export type { LedgerEntry } from './ledger/entry-rules.ts';
export {
  createGenesis,
  decodeGenesis,
  encodeGenesis,
  type Genesis,
  type GenesisMember,
  type GenesisReason,
  validatorsOf,
} from './ledger/genesis.ts';
export {
  createOperationLedger,
  type OperationLedger,
  type OperationLedgerOptions,
  type OperationRecord,
} from './ledger/operation-ledger.ts';
export { type EntryBody, entryBodyOf, type OperationRule, type RuleContext } from './ledger/rules.ts';
export type { StateView } from './ledger/state.ts';
export { type StateProof, type StateProofReason, verifyStateProof } from './ledger/state-tree.ts';
export { decodeTransaction, encodeTransaction, type TransactionReason } from './ledger/transaction.ts';
export type { FinalityProof } from './light/proof.ts';
export {
  createOperation,
  decodeOperation,
  encodeOperation,
  type Operation,
  type OperationNeeds,
  type OperationReason,
  operationIdOf,
} from './operation.ts';
export type { LedgerGenesis, ValidatorLimits, ValidatorOptions } from './options.ts';
export type {
  App,
  BlockStore,
  ChainContext,
  FinalizedBlock,
  HeaderView,
  SignGuard,
  Storage,
  Transport,
  TransportReceiver,
  TxResult,
  WriteAheadLog,
} from './ports.ts';
export { type Profile, type ProfileName, profileOf, regenerationMs } from './profiles.ts';
export {
  type ConsensusProof,
  decodeProof,
  encodeProof,
  type LegName,
  type PartName,
  type ProofBinding,
  type SpaceLeg,
  type StakeLeg,
  type TimeLeg,
  type WorkLeg,
} from './proof.ts';
export type {
  MemberProof,
  OperationSigner,
  PlotSource,
  ProveContext,
  VerifyContext,
} from './proof-context.ts';
export { type InspectedLeg, inspectProof, type ProofInspection } from './proof-inspect.ts';
export { prove } from './proof-prove.ts';
export {
  type BindingReason,
  type OperationRefusal,
  type ProvenOperation,
  type SpaceAnswer,
  type SpaceReason,
  type StakeReason,
  type TimeReason,
  verifyOperation,
  type WorkReason,
} from './proof-verify.ts';
export { committedBytes, type PlotGroup, plotBytes, plotIdOf } from './space/commitment.ts';
export { type CreatePlotOptions, createPlot, openPlot, type Plot } from './space/plot.ts';
export { createMemberPlots, createPlotSet, type PlotSet } from './space/plot-set.ts';
export { provePlot } from './space/prove.ts';
export { type PlotProof, type PlotProofReason, verifyPlotProof } from './space/verify.ts';
export type { Bond } from './stake/bond.ts';
export { createVrfKey, type VrfKey, type VrfReason, verifyVrf } from './stake/vrf.ts';
export { createMemoryStorage } from './storage/memory.ts';
export {
  type ClassGroupClaim,
  type ClassGroupReason,
  verifyClassGroupVdf,
} from './time/class-group/verify.ts';
export { type Vdf, type VdfClaim, vdf } from './time/vdf.ts';
export type { VdfReason } from './time/wesolowski.ts';
export { createMemoryHub, type MemoryHub } from './transport/memory.ts';
export { argon2id, type PuzzleParameters, solvePuzzle, verifyPuzzle } from './work/puzzle.ts';
export { type ReceiptReason, type Reexecutor, verifyReceipt, type WorkReceipt } from './work/receipt.ts';
