export { type Checkpoint, type CheckpointReason, openCheckpoint, signCheckpoint } from './checkpoint.ts';
export { ENTRY_MAX_BYTES } from './journal.ts';
export { type LogReceipt, type OpenLogOptions, openLog, type TransparencyLog } from './log.ts';
export {
  formatVerifierKey,
  type NoteReason,
  openNote,
  parseVerifierKey,
  signNote,
  type VerifierKey,
} from './note.ts';
export { type LogProof, type LogProofReason, verifyGrowth, verifyLogProof } from './proof.ts';
export {
  type CheckpointComparison,
  type CheckpointPair,
  type ConsistencySource,
  compareCheckpoints,
  createLogView,
  type LogView,
  type SplitViewEvidence,
  verifySplitView,
} from './split-view.ts';
export { TILE_WIDTH, tilePath } from './tiles.ts';
