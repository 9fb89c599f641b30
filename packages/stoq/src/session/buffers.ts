import { RECORD_BYTES } from './record-bounds.ts';

/** Room for a record with everything around it. */
const BUFFER_BYTES = RECORD_BYTES + 1024;
const KEPT = 16;
/** Below this a fresh small buffer is cheaper than a large one of the pool. */
const SMALL = 16 * 1024;
const free: Buffer[] = [];

/**
 * A buffer of `length` bytes with anything in it; large ones come from a few that are used again and again, which spares the garbage
 * collector a quarter of a megabyte for each record. Give it back once, when nothing reads it any more, or never.
 */
export function takeBuffer(length: number): Buffer {
  if (length < SMALL || length > BUFFER_BYTES) return Buffer.allocUnsafe(length);
  return (free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)).subarray(0, length);
}

/** Gives a buffer of `takeBuffer` back. */
export function giveBuffer(buffer: Uint8Array): void {
  if (buffer.buffer.byteLength === BUFFER_BYTES && buffer.byteOffset === 0 && free.length < KEPT) {
    free.push(Buffer.from(buffer.buffer));
  }
}
