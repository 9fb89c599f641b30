import { concatBytes, equalBytes, sha256 } from '@hypermesh/core';

/** Length (4), sequence (4), checksum (16) before each record. */
export const frameHeadBytes = 24;
/** Longest record. */
export const maxRecordBytes: number = 64 << 20;

function headOf(sequence: number, length: number): Uint8Array {
  const head = new Uint8Array(8);
  const view = new DataView(head.buffer);
  view.setUint32(0, length);
  view.setUint32(4, sequence);
  return head;
}

/** One frame: its checksum binds the file (16 random bytes), the place in it and the record. */
export function encodeFrame(fileId: Uint8Array, sequence: number, record: Uint8Array): Uint8Array {
  const head = headOf(sequence, record.length);
  return concatBytes(head, sha256(fileId, head, record).subarray(0, 16), record);
}

/** The whole and undamaged frame at a place, whatever its sequence. */
function frameAt(bytes: Uint8Array, offset: number, fileId: Uint8Array) {
  if (offset + frameHeadBytes > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 8);
  const length = view.getUint32(0);
  const start = offset + frameHeadBytes;
  if (length > maxRecordBytes || start + length > bytes.length) return undefined;
  const record = bytes.subarray(start, start + length);
  const sum = sha256(fileId, bytes.subarray(offset, offset + 8), record).subarray(0, 16);
  if (!equalBytes(bytes.subarray(offset + 8, start), sum)) return undefined;
  return { sequence: view.getUint32(4), record };
}

/** What a file of frames holds. Up to `end` all is well; a `fault` says that what was durable is damaged. */
export interface FrameScan {
  readonly records: readonly Uint8Array[];
  readonly end: number;
  readonly fault: string | undefined;
}

/**
 * Reads frames from `start` on. An unreadable rest is a torn tail, which a crash during a write leaves, unless a later
 * frame is whole: a frame is written only when the one before is durable, so the damage then came later.
 */
export function scanFrames(bytes: Uint8Array, start: number, fileId: Uint8Array): FrameScan {
  const records: Uint8Array[] = [];
  let offset = start;
  for (;;) {
    const frame = frameAt(bytes, offset, fileId);
    if (frame === undefined || frame.sequence !== records.length) break;
    records.push(frame.record);
    offset += frameHeadBytes + frame.record.length;
  }
  const later = offset < bytes.length ? laterFrame(bytes, offset + 1, fileId, records.length) : undefined;
  const fault =
    later === undefined
      ? undefined
      : `frame ${records.length} is damaged, but frame ${later} after it is whole`;
  return { records, end: offset, fault };
}

/** The sequence of a whole frame further on. Checksums are tried only where a head looks right. */
function laterFrame(bytes: Uint8Array, from: number, fileId: Uint8Array, after: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from; at + frameHeadBytes <= bytes.length; at += 1) {
    const sequence = view.getUint32(at + 4);
    if (sequence < after || sequence > after + 65_536) continue;
    if (view.getUint32(at) > bytes.length - at - frameHeadBytes) continue;
    if (frameAt(bytes, at, fileId) !== undefined) return sequence;
  }
  return undefined;
}
