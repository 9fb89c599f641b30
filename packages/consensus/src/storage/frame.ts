import { concatBytes, equalBytes, sha256 } from '@hypermesh/core';
import { ByteReader, ByteWriter } from '../engine/bytes.ts';

/** Length (4), sequence (4), checksum (16) before each payload. */
export const FRAME_HEAD_BYTES = 24;
/** Longest payload of a frame. */
const MAX_FRAME_BYTES: number = 256 * 1024 * 1024;
/** Frames further on than this are not taken for a successor when a damaged one is examined. */
const MAX_SKIPPED_FRAMES = 65_536;

function checksum(storeId: Uint8Array, sequence: number, payload: Uint8Array): Uint8Array {
  const head = new ByteWriter(8).u32(sequence).u32(payload.length).bytes;
  return sha256(storeId, head, payload).subarray(0, 16);
}

/** One frame: its checksum binds the store (16 bytes), the place in the file and the payload. */
export function encodeFrame(storeId: Uint8Array, sequence: number, payload: Uint8Array): Uint8Array {
  const head = new ByteWriter(8).u32(payload.length).u32(sequence).bytes;
  return concatBytes(head, checksum(storeId, sequence, payload), payload);
}

/** Answers up to `length` bytes at `offset`, fewer only at the end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** The whole and undamaged frame at an offset, if there is one. */
export function frameAt(
  read: ReadAt,
  offset: number,
  storeId: Uint8Array,
): { sequence: number; payload: Uint8Array } | undefined {
  const head = new ByteReader(read(offset, FRAME_HEAD_BYTES));
  const length = head.u32();
  const sequence = head.u32();
  const sum = head.take(16);
  if (head.failed || length > MAX_FRAME_BYTES) return undefined;
  const payload = read(offset + FRAME_HEAD_BYTES, length);
  if (payload.length < length || !equalBytes(sum, checksum(storeId, sequence, payload))) return undefined;
  return { sequence, payload };
}

/** What a file of frames holds: up to `end` all is well; a `fault` means that what was once durable is damaged. */
export interface FrameScan {
  readonly end: number;
  readonly nextSequence: number;
  readonly fault: { readonly offset: number; readonly reason: string } | undefined;
}

/**
 * Reads frames from `start` on and hands each to `take`. An unreadable rest is a torn tail, which a crash during a
 * write leaves, unless a later frame is whole: a frame is written only when the one before is durable, so the damage
 * then came later.
 */
export function scanFrames(
  read: ReadAt,
  {
    storeId,
    start,
    size,
    firstSequence,
  }: { storeId: Uint8Array; start: number; size: number; firstSequence: number },
  take: (payload: Uint8Array, offset: number) => void,
): FrameScan {
  let offset = start;
  let sequence = firstSequence;
  while (offset < size) {
    const frame = frameAt(read, offset, storeId);
    if (frame === undefined || frame.sequence !== sequence) break;
    take(frame.payload, offset);
    offset += FRAME_HEAD_BYTES + frame.payload.length;
    sequence += 1;
  }
  const later =
    offset < size ? findFrame(read, { storeId, from: offset, size, after: sequence - 1 }) : undefined;
  const fault =
    later === undefined
      ? undefined
      : { offset, reason: `frame ${sequence} is damaged, but frame ${later} after it is whole` };
  return { end: offset, nextSequence: sequence, fault };
}

/** The sequence of a whole frame somewhere after a damaged place. Checksums are tried only where a head looks right. */
function findFrame(
  read: ReadAt,
  { storeId, from, size, after }: { storeId: Uint8Array; from: number; size: number; after: number },
): number | undefined {
  const WINDOW = 1 << 20;
  for (let base = from; base + FRAME_HEAD_BYTES <= size; base += WINDOW) {
    const bytes = read(base, WINDOW + 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = base === from ? 1 : 0; at < WINDOW && at + 8 <= bytes.length; at += 1) {
      const sequence = view.getUint32(at + 4);
      if (sequence <= after || sequence > after + MAX_SKIPPED_FRAMES) continue;
      if (view.getUint32(at) > size - base - at - FRAME_HEAD_BYTES) continue;
      if (frameAt(read, base + at, storeId) !== undefined) return sequence;
    }
  }
  return undefined;
}

/** A list of records as one payload. */
export function encodeBatch(records: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(records.reduce((sum, record) => sum + 4 + record.length, 4)).u32(
    records.length,
  );
  for (const record of records) writer.u32(record.length).put(record);
  return writer.bytes;
}

/** The records of a payload; undefined when it is no batch. */
export function decodeBatch(payload: Uint8Array): Uint8Array[] | undefined {
  const reader = new ByteReader(payload);
  const count = reader.u32();
  const records: Uint8Array[] = [];
  for (let index = 0; index < count && !reader.failed; index += 1) records.push(reader.take(reader.u32()));
  return reader.failed || reader.remaining > 0 ? undefined : records;
}
