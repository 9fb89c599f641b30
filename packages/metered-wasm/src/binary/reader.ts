import type { MeterReason } from '../reasons.ts';

/** How parsing stops. Caught where a module enters the package, so that it never reaches a caller. */
export class Refusal extends Error {
  readonly reason: MeterReason;

  constructor(reason: MeterReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Ends parsing with a reason of the closed union and a sentence for people. */
export function refuse(reason: MeterReason, detail: string): never {
  throw new Refusal(reason, detail);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the primitives of the binary format between two offsets of `bytes`; never past `end`. */
export class Reader {
  readonly bytes: Uint8Array;
  offset: number;
  end: number;

  constructor(bytes: Uint8Array, offset: number = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get isDone(): boolean {
    return this.offset >= this.end;
  }

  byte(): number {
    if (this.offset >= this.end) refuse('malformed', `unexpected end at byte ${this.offset}`);
    return this.bytes[this.offset++] as number;
  }

  /** Unsigned LEB128 of at most 32 bits: at most five bytes, the last of them at most 0x0f. */
  u32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift <= 28; shift += 7) {
      const next = this.byte();
      if (shift === 28 && next > 0x0f) refuse('malformed', `integer too large at byte ${this.offset - 1}`);
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
    return refuse('malformed', `integer too long at byte ${this.offset - 1}`);
  }

  /** Passes over a signed LEB128 of at most `bits` bits; unused bits must repeat the sign. */
  skipSigned(bits: 32 | 33 | 64): void {
    const last = Math.ceil(bits / 7);
    for (let count = 1; ; count++) {
      const next = this.byte();
      if (count === last) {
        const used = bits - 7 * (last - 1);
        const extension = (next & 0x7f) >> (used - 1);
        const full = 0x7f >> (used - 1);
        if (next >= 0x80 || (extension !== 0 && extension !== full)) {
          refuse('malformed', `signed integer too large at byte ${this.offset - 1}`);
        }
        return;
      }
      if (next < 0x80) return;
    }
  }

  /** Number of entries that follow, refused above `max` or above the bytes that are left. */
  count(what: string, max: number): number {
    const value = this.u32();
    if (value > max) refuse('too-large', `${value} ${what}, at most ${max}`);
    if (value > this.end - this.offset) refuse('malformed', `${value} ${what} do not fit their section`);
    return value;
  }

  skip(length: number): void {
    if (length > this.end - this.offset) refuse('malformed', `unexpected end at byte ${this.end}`);
    this.offset += length;
  }

  name(): string {
    const length = this.u32();
    if (length > 100_000) refuse('too-large', `name of ${length} bytes`);
    const start = this.offset;
    this.skip(length);
    try {
      return strictUtf8.decode(this.bytes.subarray(start, this.offset));
    } catch {
      return refuse('malformed', `name at byte ${start} is not UTF-8`);
    }
  }
}
