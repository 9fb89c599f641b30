import { readSync } from 'node:fs';
import type { ReadAt } from './frame.ts';

const WINDOW_BYTES = 1 << 20;

/** Reads an open file through a window of 1 MiB, so that many small reads cost one call. */
export function readThroughWindow(fd: number): ReadAt {
  let base = 0;
  let window: Uint8Array = new Uint8Array(0);
  const load = (offset: number, length: number): Uint8Array => {
    const buffer = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(fd, buffer, filled, length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return buffer.subarray(0, filled);
  };
  return (offset, length) => {
    if (length > WINDOW_BYTES / 2) return load(offset, length);
    if (offset < base || offset + length > base + window.length) {
      base = offset;
      window = load(offset, WINDOW_BYTES);
    }
    return window.slice(offset - base, offset - base + length);
  };
}
