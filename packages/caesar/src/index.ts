export type { Audit, AuditReason } from './audit.ts';
export { CaesarError, type CaesarFailure } from './errors.ts';
export {
  chargeOf,
  createLeases,
  type LeaseBook,
  type LeaseOptions,
  type LeaseRequest,
  type LeaseTerms,
  type Settlement,
  type SettlementReason,
} from './lease.ts';
export {
  createValueLedger,
  type Posted,
  type PostRequest,
  type RefusalReason,
  type Request,
  type ValueLedger,
} from './ledger.ts';
export { MOST_AMOUNT } from './limits.ts';
export {
  acceptanceMessage,
  decodeSignedReceipt,
  encodeReceipt,
  encodeSignedReceipt,
  type SignatureCheck,
  type SignedReceipt,
  type UsageReceipt,
  usageMessage,
} from './receipt.ts';
export type { Balance, Entry, EntryBody, Head, Hold, Posting } from './records.ts';
export {
  replayEntries,
  restoreSnapshot,
  type Snapshot,
  type SnapshotReason,
  takeSnapshot,
} from './snapshot.ts';
export { createMemoryState, type ValueState } from './state.ts';
