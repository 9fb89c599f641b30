/** Everything that verifies and nothing that needs a disk or a thread: for browsers and other light hosts. */
export { createChainCheck } from './ca/chain-check.ts';
export { type Checkpoint, type CheckpointReason, openCheckpoint } from './log/checkpoint.ts';
export {
  formatVerifierKey,
  type NoteReason,
  openNote,
  parseVerifierKey,
  type VerifierKey,
} from './log/note.ts';
export { type LogProof, type LogProofReason, verifyGrowth, verifyLogProof } from './log/proof.ts';
export {
  type CheckpointComparison,
  compareCheckpoints,
  type SplitViewEvidence,
  verifySplitView,
} from './log/split-view.ts';
export { type Bundle, decodeBundle, type SignerKeys, signerId } from './sign/format.ts';
export { bundleLogEntry } from './sign/sign.ts';
export { type BundleTrust, type BundleVerdict, type ChainCheck, verifyBundle } from './sign/verify.ts';
export { type SuiteOptions, suiteFor, suiteIds } from './suite/registry.ts';
export * from './x509/index.ts';
