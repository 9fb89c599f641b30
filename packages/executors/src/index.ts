export { type ClaimBounds, createBoundedClaims } from './bounded-claims.ts';
export { ExecutorsError, type ExecutorsFailure } from './errors.ts';
export type {
  Call,
  CallOutcome,
  Capability,
  Comparison,
  Executor,
  Exit,
  Grants,
  Prepared,
  Program,
  RunLimits,
} from './executor.ts';
export {
  createExecutors,
  type Executors,
  type RunOutput,
  type RunPolicy,
  type RunReport,
  type RunRequest,
  type Work,
} from './executors.ts';
export {
  type Explanation,
  explain,
  type Finding,
  type HostFacts,
  type NodeOffer,
  type OfferedLimits,
} from './explain.ts';
export { type JavascriptExecutorOptions, javascriptExecutor } from './javascript.ts';
export type { Enforcement, Limit } from './limit.ts';
export type {
  ClaimAsk,
  ClaimNeeds,
  ClaimReason,
  Claims,
  ExecutorsPorts,
  Outputs,
  ReceiptSigner,
} from './ports.ts';
export { type ReceiptFacts, readReceipt } from './receipt.ts';
export { type Requirements, type ResourceKeys, requirementsOfResources } from './requirements.ts';
export { openStatement, type RunStatement, signStatement } from './statement.ts';
export { type WasmExecutorOptions, wasmExecutor } from './wasm.ts';
