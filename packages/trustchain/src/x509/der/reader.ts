import { Malformed } from './malformed.ts';
import { readTime } from './time.ts';

/** Universal tags as they stand in an identifier octet (constructed bit included). */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: `start` its identifier octet, `from` its content, `end` the octet after it. */
export interface Element {
  readonly tag: number;
  readonly start: number;
  readonly from: number;
  readonly end: number;
}

/**
 * A cursor over strict DER (X.690 §10): definite minimal lengths, one-octet tags, minimal integers, no trailing bytes.
 * It reads views into `bytes`, never copies, never recurses, and throws `Malformed` only.
 */
export class DerReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.end = end;
    this.#at = start;
  }

  get done(): boolean {
    return this.#at >= this.end;
  }

  /** Offset of the next element. */
  get at(): number {
    return this.#at;
  }

  /** The next identifier octet, or -1 at the end. */
  peek(): number {
    return this.#at < this.end ? (this.bytes[this.#at] as number) : -1;
  }

  /** Reads any element. */
  any(what: string): Element {
    const { bytes, end } = this;
    const start = this.#at;
    if (start + 2 > end) throw new Malformed('der-truncated', `${what}: the bytes end before it`);
    const tag = bytes[start] as number;
    if ((tag & 0x1f) === 0x1f) throw new Malformed('der-tag', `${what}: a tag of more than one octet`);
    let length = bytes[start + 1] as number;
    let from = start + 2;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0 || octets > 4) throw new Malformed('der-length', `${what}: indefinite or huge length`);
      if (from + octets > end)
        throw new Malformed('der-truncated', `${what}: the bytes end within its length`);
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + (bytes[from + i] as number);
      if (length < 0x80 || (octets > 1 && bytes[from] === 0)) {
        throw new Malformed('der-length', `${what}: length not in its shortest form`);
      }
      from += octets;
    }
    if (length > end - from) throw new Malformed('der-truncated', `${what}: its length passes the end`);
    this.#at = from + length;
    return { tag, start, from, end: from + length };
  }

  /** Reads an element that must have `tag`. */
  element(tag: number, what: string): Element {
    const next = this.peek();
    if (next !== tag) {
      if (next === -1) throw new Malformed('der-truncated', `${what} is missing`);
      throw new Malformed('der-tag', `${what}: tag ${next.toString(16)}, expected ${tag.toString(16)}`);
    }
    return this.any(what);
  }

  /** A cursor over the content of an element that must have `tag`. */
  enter(tag: number, what: string): DerReader {
    const { from, end } = this.element(tag, what);
    return new DerReader(this.bytes, from, end);
  }

  sequence(what: string): DerReader {
    return this.enter(Tag.sequence, what);
  }

  /** A cursor over the content of the next element if it has `tag`. */
  optional(tag: number, what: string): DerReader | undefined {
    return this.peek() === tag ? this.enter(tag, what) : undefined;
  }

  /** The content of an element, as a view. */
  content(tag: number, what: string): Uint8Array {
    const { from, end } = this.element(tag, what);
    return this.bytes.subarray(from, end);
  }

  /** The whole next element, as a view. */
  raw(what: string): Uint8Array {
    const { start, end } = this.any(what);
    return this.bytes.subarray(start, end);
  }

  /** Everything read so far since `start`, as a view. */
  since(start: number): Uint8Array {
    return this.bytes.subarray(start, this.#at);
  }

  finish(what: string): void {
    if (!this.done) throw new Malformed('der-trailing', `${what}: bytes after its end`);
  }

  boolean(what: string): boolean {
    const content = this.content(Tag.boolean, what);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
      throw new Malformed('der-value', `${what}: a boolean is 00 or ff`);
    }
    return content[0] === 0xff;
  }

  /** Two's complement content of an INTEGER in its shortest form. */
  integer(what: string, tag: number = Tag.integer): Uint8Array {
    const content = this.content(tag, what);
    return shortestInteger(content, what);
  }

  /** A non-negative INTEGER of at most `max`. */
  uint(what: string, max: number, tag: number = Tag.integer): number {
    const content = this.integer(what, tag);
    if ((content[0] as number) >= 0x80 || content.length > 6) {
      throw new Malformed('der-value', `${what}: out of range`);
    }
    let value = 0;
    for (const octet of content) value = value * 256 + octet;
    if (value > max) throw new Malformed('der-value', `${what}: out of range`);
    return value;
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  oid(what: string): string {
    return readOid(this.content(Tag.oid, what), what);
  }

  /** A BIT STRING: its octets and how many bits of the last one do not count (they are zero). */
  bits(what: string, tag: number = Tag.bitString): { readonly octets: Uint8Array; readonly unused: number } {
    const content = this.content(tag, what);
    const unused = content[0];
    if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1)) {
      throw new Malformed('der-value', `${what}: bad bit string`);
    }
    const octets = content.subarray(1);
    if (unused > 0 && ((octets[octets.length - 1] as number) & ((1 << unused) - 1)) !== 0) {
      throw new Malformed('der-value', `${what}: unused bits are set`);
    }
    return { octets, unused };
  }

  /** A BIT STRING whose bits fill whole octets. */
  octetBits(what: string): Uint8Array {
    const { octets, unused } = this.bits(what);
    if (unused !== 0) throw new Malformed('der-value', `${what}: not whole octets`);
    return octets;
  }

  /** UTCTime or GeneralizedTime of RFC 5280 §4.1.2.5, in Unix milliseconds. */
  time(what: string): number {
    const { tag, from, end } = this.any(what);
    return readTime(tag, this.bytes.subarray(from, end), what);
  }
}

function shortestInteger(content: Uint8Array, what: string): Uint8Array {
  const [first, second] = content;
  if (first === undefined) throw new Malformed('der-value', `${what}: an empty integer`);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new Malformed('der-value', `${what}: integer not in its shortest form`);
  }
  return content;
}

/** Dotted form of an OBJECT IDENTIFIER's content; arcs of any size up to 160 bits. */
function readOid(content: Uint8Array, what: string): string {
  if (content.length === 0 || content.length > 64)
    throw new Malformed('der-value', `${what}: bad object identifier`);
  let text = '';
  let arc = 0;
  let wide: bigint | undefined;
  let octets = 0;
  for (const octet of content) {
    if (octets === 0 && octet === 0x80)
      throw new Malformed('der-value', `${what}: arc not in its shortest form`);
    if (++octets === 7) wide = BigInt(arc);
    if (octets > 23) throw new Malformed('der-value', `${what}: arc too large`);
    if (wide === undefined) arc = arc * 128 + (octet & 0x7f);
    else wide = wide * 128n + BigInt(octet & 0x7f);
    if (octet >= 0x80) continue;
    if (text !== '') text += `.${wide ?? arc}`;
    else if (wide === undefined && arc < 80) text = `${arc < 40 ? 0 : 1}.${arc < 40 ? arc : arc - 40}`;
    else text = `2.${(wide ?? BigInt(arc)) - 80n}`;
    arc = 0;
    wide = undefined;
    octets = 0;
  }
  if (octets !== 0) throw new Malformed('der-value', `${what}: object identifier ends within an arc`);
  return text;
}
