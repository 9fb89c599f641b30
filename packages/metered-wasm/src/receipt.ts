import {
  checkRecord,
  cidOf,
  decodeRecord,
  encodeRecord,
  type RecordVerdict,
  type Schema,
  s,
} from '@hypermesh/core';
import { PROFILE } from './profile.ts';

/** Fuel that one run may be given: below the sign of the counter by a margin that no charge crosses. */
export const MAX_FUEL: bigint = 2n ** 62n;

const content = { codec: 'raw', hash: 'sha2-256' } as const;

/**
 * What a run was and what it cost. Whoever has module and input can run it again and must find the same.
 */
export interface ExecutionReceipt {
  readonly v: 1;
  /** CID (raw, sha2-256) of the metered module, as of input and output. */
  readonly module: string;
  /** Operation that was called, or `export NAME` for a bare export. */
  readonly op: string;
  readonly input: string;
  readonly output: string;
  readonly fuel: bigint;
  /** Pages of memory at the end, 64 KiB each. */
  readonly memoryPages: number;
  readonly profile: typeof PROFILE;
}

const receiptSchema: Schema<ExecutionReceipt> = s.record({
  v: s.literal(1),
  module: s.cid(content),
  op: s.text(256),
  input: s.cid(content),
  output: s.cid(content),
  fuel: s.bigint(MAX_FUEL),
  memoryPages: s.uint(65_536),
  profile: s.literal(PROFILE),
});

/** The canonical bytes of a receipt, as they are signed and hashed. */
export function encodeReceipt(receipt: ExecutionReceipt): Uint8Array {
  return encodeRecord(receiptSchema, receipt);
}

/** Whether a value, from wherever it came, is a receipt. */
export function checkReceipt(value: unknown): RecordVerdict<ExecutionReceipt> {
  return checkRecord(receiptSchema, value);
}

/** Reads a receipt; never throws, refuses what is not canonical. */
export function decodeReceipt(bytes: Uint8Array): RecordVerdict<ExecutionReceipt> {
  return decodeRecord(receiptSchema, bytes, { maxBytes: 1_024 });
}

/** CID of the receipt's canonical bytes (dag-cbor, sha2-256). */
export function receiptCid(receipt: ExecutionReceipt): string {
  return cidOf(encodeReceipt(receipt), 'dag-cbor');
}
