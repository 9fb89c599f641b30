import { writeTime } from './time.ts';

/** One DER element with `tag` around the given contents, in order. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  return tlvOf(tag, contents);
}

/** As `tlv`, for any number of contents. */
function tlvOf(tag: number, contents: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const content of contents) length += content.length;
  const header = [tag];
  if (length < 0x80) header.push(length);
  else {
    const octets: number[] = [];
    for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
    header.push(0x80 | octets.length, ...octets);
  }
  const out = new Uint8Array(header.length + length);
  out.set(header);
  let at = header.length;
  for (const content of contents) {
    out.set(content, at);
    at += content.length;
  }
  return out;
}

/** A SEQUENCE of elements as they come. */
export const sequence = (...items: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...items);
/** A SEQUENCE of any number of elements. */
export const sequenceOf = (items: readonly Uint8Array[]): Uint8Array => tlvOf(0x30, items);

/** An OCTET STRING. */
export const octetString = (content: Uint8Array): Uint8Array => tlv(0x04, content);
/** A BIT STRING; `unused` low bits of its last octet do not count and must be zero. */
export const bitString = (octets: Uint8Array, unused = 0): Uint8Array =>
  tlv(0x03, Uint8Array.of(unused), octets);
/** A BOOLEAN. */
export const boolean = (value: boolean): Uint8Array => tlv(0x01, Uint8Array.of(value ? 0xff : 0));
/** A UTF8String. */
export const utf8String = (text: string): Uint8Array => tlv(0x0c, new TextEncoder().encode(text));
/** Octets of text that the caller knows to be ASCII. */
export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A SET OF with its members in the order that DER wants. */
export function setOf(...items: readonly Uint8Array[]): Uint8Array {
  const compare = (a: Uint8Array, b: Uint8Array): number => {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const difference = (a[i] as number) - (b[i] as number);
      if (difference !== 0) return difference;
    }
    return a.length - b.length;
  };
  return tlv(0x31, ...items.toSorted(compare));
}

/** A non-negative INTEGER from big-endian octets or a number. */
export function integer(value: Uint8Array | number | bigint): Uint8Array {
  let octets: number[];
  if (value instanceof Uint8Array) octets = [...value];
  else {
    octets = [];
    for (let rest = BigInt(value); rest > 0n; rest >>= 8n) octets.unshift(Number(rest & 0xffn));
  }
  while (octets.length > 1 && octets[0] === 0) octets.shift();
  if (octets.length === 0) octets = [0];
  if ((octets[0] as number) >= 0x80) octets.unshift(0);
  return tlv(0x02, Uint8Array.from(octets));
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  const octets: number[] = [];
  for (const arc of [first * 40n + second, ...rest]) {
    const septets = [Number(arc & 0x7fn)];
    for (let high = arc >> 7n; high > 0n; high >>= 7n) septets.unshift(Number(high & 0x7fn) | 0x80);
    octets.push(...septets);
  }
  return tlv(0x06, Uint8Array.from(octets));
}

/** UTCTime through 2049, GeneralizedTime from 2050 on; milliseconds are cut off. */
export function time(ms: number): Uint8Array {
  const { tag, text } = writeTime(ms);
  return tlv(tag, ascii(text));
}
