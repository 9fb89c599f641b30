import type { CheckReason } from '../reasons.ts';

/** How a check stops; caught at its entry. */
export class Objection extends Error {
  readonly reason: CheckReason;

  constructor(reason: CheckReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Ends the check with a reason. */
export function object(reason: CheckReason, detail: string): never {
  throw new Objection(reason, detail);
}

const VALUE_TYPES = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f]);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A position in bytes. Written for the check alone, so that a fault in the parser does not hide in both. */
export class Cursor {
  at: number;
  readonly bytes: Uint8Array;
  readonly stop: number;

  constructor(bytes: Uint8Array, at: number, stop: number) {
    this.bytes = bytes;
    this.at = at;
    this.stop = stop;
  }

  u8(): number {
    const value = this.at < this.stop ? this.bytes[this.at] : undefined;
    if (value === undefined) return object('malformed', `end of bytes at ${this.at}`);
    this.at++;
    return value;
  }

  /** Signed LEB128; `bits` bounds its bytes. */
  signed(bits: 32 | 33 | 64): bigint {
    let value = 0n;
    let shift = 0n;
    for (let used = 0; used < bits; used += 7) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) {
        return (byte & 0x40) !== 0 ? value - (1n << shift) : value;
      }
    }
    return object('malformed', `integer at ${this.at}`);
  }

  u32(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    return object('malformed', `integer at ${this.at}`);
  }

  pass(count: number): void {
    if (count > this.stop - this.at) object('malformed', `end of bytes at ${this.at}`);
    this.at += count;
  }

  /** A name; bytes that are no UTF-8 are refused, and every other name reads as itself and nothing else. */
  text(): string {
    const length = this.u32();
    const from = this.at;
    this.pass(length);
    try {
      return utf8.decode(this.bytes.subarray(from, this.at));
    } catch {
      return object('malformed', `name at ${from}`);
    }
  }

  /**
   * A value type of the profile: a byte. A type of more bytes would let this reader and an engine part ways on where
   * the next instruction begins.
   */
  valueType(): number {
    const type = this.u8();
    if (!VALUE_TYPES.has(type)) object('unsupported', `value type 0x${type.toString(16)} at ${this.at - 1}`);
    return type;
  }

  referenceType(): number {
    const type = this.valueType();
    if (type !== 0x70 && type !== 0x6f) object('malformed', `reference type at ${this.at - 1}`);
    return type;
  }

  /** Runs `each` as often as the count that comes first says, at most `most` times. */
  vector(most: number, each: (index: number) => void): void {
    const count = this.u32();
    if (count > this.stop - this.at || count > most) object('malformed', `count ${count} at ${this.at}`);
    for (let index = 0; index < count; index++) each(index);
  }
}
