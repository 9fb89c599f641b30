export type { EngineCache } from './engine.ts';
export { MAX_MEMORY_PAGES, MIN_MEMORY_PAGES } from './foreign.ts';
export {
  openQuickJs,
  type QuickJs,
  type QuickJsOptions,
  type ScriptAnswered,
  type ScriptFailed,
  type ScriptFailure,
  type ScriptOpened,
  type ScriptResult,
  type ScriptSession,
} from './quickjs.ts';
export { decodeScriptReceipt, encodeScriptReceipt, type ScriptReceipt, scriptReceiptCid } from './receipt.ts';
export { type ReexecuteScriptRequest, type ReexecuteScriptVerdict, reexecuteScript } from './reexecute.ts';
export {
  type HostFunction,
  MAX_CODE_BYTES,
  type ScriptGrants,
  type ScriptLimits,
  type ScriptProgram,
  type ScriptRequest,
} from './request.ts';
export type { ScriptValue, ValueKind } from './value.ts';
