export type { ReceiptReason, SettledReceipt } from './receipt.ts';
export {
  encodeReport,
  type Latency,
  type ResourceUsage,
  type UsageReport,
  type UsageWindow,
  usageOf,
} from './usage.ts';
