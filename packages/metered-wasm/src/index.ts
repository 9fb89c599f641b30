export { type CheckedModule, type CheckVerdict, checkMetered } from './check/check.ts';
export { MeteredWasmError, type MeteredWasmFailure } from './errors.ts';
export { type MeterVerdict, meter } from './meter/meter.ts';
export { meterInWorker } from './offload/offload.ts';
export type { MeterOptions } from './options.ts';
export { PROFILE } from './profile.ts';
export type { CheckReason, MeterReason } from './reasons.ts';
export { decodeReceipt, type ExecutionReceipt, encodeReceipt, MAX_FUEL, receiptCid } from './receipt.ts';
export type { Scalar } from './run/job.ts';
export { type ReexecuteRequest, type ReexecuteVerdict, reexecute } from './run/reexecute.ts';
export {
  type MeteredRunner,
  openRunner,
  type RunFailure,
  type RunnerOptions,
  type RunRequest,
  type RunResult,
  runMetered,
} from './run/runner.ts';
export type { MeteredSession, SessionCall, SessionResult } from './run/session.ts';
