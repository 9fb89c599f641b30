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

  text(): string {
    const length = this.u32();
    const from = this.at;
    this.pass(length);
    return new TextDecoder().decode(this.bytes.subarray(from, this.at));
  }

  /** Runs `each` as often as the count that comes first says. */
  vector(each: (index: number) => void): void {
    const count = this.u32();
    if (count > this.stop - this.at) object('malformed', `count at ${this.at}`);
    for (let index = 0; index < count; index++) each(index);
  }
}
