import { cidOf, decodeRecord, encodeRecord, type Infer, type RecordVerdict, s } from '@hypermesh/core';
import { PROFILE } from './profile.ts';

/** Fuel that one run may be given: below the sign of the counter by a margin that no charge crosses. */
export const MAX_FUEL: bigint = 2n ** 62n;

const content = { codec: 'raw', hash: 'sha2-256' } as const;

const receiptSchema = s.record({
  v: s.literal(1),
  module: s.cid(content),
  op: s.text(256),
  input: s.cid(content),
  output: s.cid(content),
  fuel: s.bigint(MAX_FUEL),
  memoryPages: s.uint(65_536),
  profile: s.literal(PROFILE),
});

/**
 * What a run was and what it cost: CIDs (raw, sha2-256) of the metered module, the input and the output, the operation
 * that was called (`export NAME` for a bare export), the fuel and the pages of memory at the end. Whoever has module
 * and input can run it again and must find the same.
 */
export type ExecutionReceipt = Infer<typeof receiptSchema>;

/** The canonical bytes of a receipt, as they are signed and hashed. */
export function encodeReceipt(receipt: ExecutionReceipt): Uint8Array {
  return encodeRecord(receiptSchema, receipt);
}

/** Reads a receipt; never throws, refuses what is not canonical. */
export function decodeReceipt(bytes: Uint8Array): RecordVerdict<ExecutionReceipt> {
  return decodeRecord(receiptSchema, bytes, { maxBytes: 1_024 });
}

/** CID of the receipt's canonical bytes (dag-cbor, sha2-256). */
export function receiptCid(receipt: ExecutionReceipt): string {
  return cidOf(encodeReceipt(receipt), 'dag-cbor');
}
