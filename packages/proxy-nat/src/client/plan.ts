import { maxRanges } from '../channel.ts';
import { ProxyNatError } from '../errors.ts';
import { pageBytes } from '../translation/entries.ts';
import type { Words } from '../translation/translation.ts';
import { maxDataBytes, rangeBytes } from '../wire/layout.ts';
import { putRange } from '../wire/requests.ts';
import { allocate } from '../wire/slab.ts';

/** A range of a region: offset from its base and length, bytes. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/**
 * Splits ranges into requests of at most 64 ranges and as many bytes as a frame carries. A range is cut at the edge of a
 * page only, so that each page is still written in one instant.
 */
export function planRequests(ranges: readonly Range[]): readonly (readonly Range[])[] {
  const requests: Range[][] = [];
  let current: Range[] = [];
  let bytes = 0;
  for (const { offset, length } of ranges) {
    for (let done = 0; ; ) {
      const start = offset + done;
      const left = length - done;
      const edge = Math.floor((start + maxDataBytes - bytes) / pageBytes) * pageBytes;
      const part = left <= maxDataBytes - bytes ? left : Math.max(0, edge - start);
      if (current.length === maxRanges || (part === 0 && left > 0)) {
        requests.push(current);
        current = [];
        bytes = 0;
        continue;
      }
      current.push({ offset: start, length: part });
      bytes += part;
      done += part;
      if (done === length) break;
    }
  }
  if (current.length > 0) requests.push(current);
  return requests;
}

/** The ranges of one request on the wire, with room behind for its data. */
export function encodeRanges(base: Words, ranges: readonly Range[], dataBytes: number): Buffer {
  const payload = allocate(ranges.length * rangeBytes + dataBytes);
  let at = 0;
  for (const range of ranges) {
    put(payload, at, base, range);
    at += rangeBytes;
  }
  return payload;
}

/** `encodeRanges` of one range. */
export function encodeRange(base: Words, range: Range, dataBytes: number): Buffer {
  const payload = allocate(rangeBytes + dataBytes);
  put(payload, 0, base, range);
  return payload;
}

const scratch = { w0: 0, w1: 0, w2: 0, w3: 0 };

function put(payload: Buffer, at: number, base: Words, { offset, length }: Range): void {
  const low = base.w3 + (offset % 2 ** 32);
  scratch.w0 = base.w0;
  scratch.w1 = base.w1;
  scratch.w2 = (base.w2 + Math.floor(offset / 2 ** 32) + (low >= 2 ** 32 ? 1 : 0)) >>> 0;
  scratch.w3 = low >>> 0;
  putRange(payload, at, scratch, length);
}

/** Refuses ranges that are none before anything is sent. Whether they lie in the region is the home's to say. */
export function checkRanges(ranges: readonly Range[]): void {
  for (const { offset, length } of ranges) {
    const isRange =
      Number.isSafeInteger(offset) &&
      offset >= 0 &&
      offset < 2 ** 47 &&
      Number.isSafeInteger(length) &&
      length >= 0;
    if (isRange && length <= 2 ** 31) continue;
    throw new ProxyNatError(
      { code: 'proxy-nat/bad-argument', name: 'range' },
      'a range has a whole offset below 2^47 and a whole length up to 2^31',
    );
  }
}
