import { concatBytes } from '@hypermesh/core';
import type { SeededRandom } from '@hypermesh/core/testing';
import { decodeLogRecord, encodeLogRecord } from '../engine/record.ts';
import { SIMPLEX_RULES } from '../engine/rules.ts';
import type { LogRecord } from '../engine/state.ts';
import { decodeBatch, encodeBatch, encodeFrame, scanFrames } from '../storage/frame.ts';

const STORE_ID: Uint8Array = new Uint8Array(16).fill(9);

/** Writes a log as framed bytes, cuts it at any byte of the part that is not durable, and reads it back. */
export function tornLog(
  log: readonly LogRecord[],
  { durable, validators, random }: { durable: number; validators: number; random: SeededRandom },
): LogRecord[] {
  const frames = log.map((record, index) =>
    encodeFrame(STORE_ID, index, encodeBatch([encodeLogRecord(record, validators)])),
  );
  const sizeOf = (list: readonly Uint8Array[]): number => list.reduce((sum, frame) => sum + frame.length, 0);
  const safe = sizeOf(frames.slice(0, durable));
  const file = concatBytes(...frames);
  const size = safe + random.below(file.length - safe + 1);
  const records: LogRecord[] = [];
  const scan = scanFrames(
    (offset, length) => file.subarray(Math.min(offset, size), Math.min(offset + length, size)),
    { storeId: STORE_ID, start: 0, size, firstSequence: 0 },
    (payload) => {
      for (const bytes of decodeBatch(payload) ?? []) {
        const record = decodeLogRecord(bytes, validators, SIMPLEX_RULES.quorum(validators));
        if (record === undefined) throw new Error('a log record does not survive its codec');
        records.push(record);
      }
    },
  );
  if (scan.fault !== undefined || records.length < durable) throw new Error('a durable record is gone');
  return records;
}
