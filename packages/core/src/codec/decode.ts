import { CID } from 'multiformats/cid';
import { fromUtf8, isBytes } from '../bytes.ts';
import { scanCid } from '../cid-bytes.ts';
import {
  type CanonicalValue,
  type DecodeLimits,
  type DecodeReason,
  type Link,
  MAX_DEPTH,
  MIN_INTEGER,
} from './value.ts';

const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
const DEFAULT_MAX_DEPTH = 64;
const DEFAULT_MAX_ITEMS = 262_144;

/** Short keys in ASCII that came by lately, each at the place that its bytes give it. */
const KNOWN_MASK = 1023;
const MAX_KNOWN_LENGTH = 24;
const knownKeys: (string | undefined)[] = new Array(KNOWN_MASK + 1).fill(undefined);

/** Ends a decoding from any depth; never leaves this file. */
class Refusal {
  readonly reason: DecodeReason;
  constructor(reason: DecodeReason) {
    this.reason = reason;
  }
}

function bound(value: number | undefined, standard: number): number {
  return value === undefined || Number.isNaN(value) ? standard : value;
}

/** One pass over the bytes: every rule of the canonical form is checked where the item is read. */
class Reader {
  readonly bytes: Uint8Array;
  readonly maxDepth: number;
  items: number;
  offset = 0;

  constructor(bytes: Uint8Array, limits: DecodeLimits) {
    this.bytes = bytes;
    this.maxDepth = Math.min(bound(limits.maxDepth, DEFAULT_MAX_DEPTH), MAX_DEPTH);
    this.items = bound(limits.maxItems, DEFAULT_MAX_ITEMS);
  }

  value(depth: number): CanonicalValue {
    const initial = this.initial();
    const info = initial & 31;
    switch (initial >> 5) {
      case 0:
        return this.argument(info);
      case 1:
        return this.negative(info);
      case 2:
        return this.byteString(info);
      case 3:
        return this.text(info);
      case 4:
        return this.array(info, depth);
      case 5:
        return this.map(info, depth);
      case 6:
        return this.link(info);
      default:
        return this.simple(info);
    }
  }

  initial(): number {
    if (this.items <= 0) throw new Refusal('too-many-items');
    this.items -= 1;
    const initial = this.bytes[this.offset];
    if (initial === undefined) throw new Refusal('truncated');
    this.offset += 1;
    return initial;
  }

  argument(info: number): number | bigint {
    if (info < 24) return info;
    if (info > 27) throw new Refusal(info === 31 ? 'indefinite-length' : 'reserved');
    const size = 1 << (info - 24);
    const { bytes, offset } = this;
    if (bytes.length - offset < size) throw new Refusal('truncated');
    this.offset = offset + size;
    if (size === 8) return this.wide(offset);
    let value = 0;
    for (let index = offset; index < offset + size; index += 1)
      value = value * 256 + (bytes[index] as number);
    if (value < (size === 1 ? 24 : size === 2 ? 0x100 : 0x1_0000)) throw new Refusal('non-shortest');
    return value;
  }

  wide(offset: number): number | bigint {
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + offset, 8);
    const high = view.getUint32(0);
    if (high === 0) throw new Refusal('non-shortest');
    return high < 0x20_0000 ? high * 0x1_0000_0000 + view.getUint32(4) : view.getBigUint64(0);
  }

  negative(info: number): number | bigint {
    const argument = this.argument(info);
    if (typeof argument === 'number' && argument < Number.MAX_SAFE_INTEGER) return -1 - argument;
    const value = -1n - BigInt(argument);
    if (value < MIN_INTEGER) throw new Refusal('integer-range');
    return value;
  }

  /** Claims `length` bytes of the input and answers where they start. */
  span(info: number): { readonly start: number; readonly end: number } {
    const length = this.argument(info);
    const start = this.offset;
    if (length > this.bytes.length - start) throw new Refusal('truncated');
    this.offset = start + Number(length);
    return { start, end: this.offset };
  }

  byteString(info: number): Uint8Array {
    const { start, end } = this.span(info);
    return this.bytes.slice(start, end);
  }

  text(info: number): string {
    const { start, end } = this.span(info);
    return this.textOf(start, end);
  }

  textOf(start: number, end: number): string {
    const { bytes } = this;
    if (end - start <= 16) {
      let text = '';
      let index = start;
      for (; index < end; index += 1) {
        const code = bytes[index] as number;
        if (code > 127) break;
        text += String.fromCharCode(code);
      }
      if (index === end) return text;
    }
    const decoded = fromUtf8(bytes.subarray(start, end));
    if (!decoded.ok) throw new Refusal('utf8');
    return decoded.text;
  }

  /** Number of entries, refused before anything is allocated when bytes or budget cannot hold them. */
  entries(info: number, depth: number, itemsEach: number): number {
    if (depth >= this.maxDepth) throw new Refusal('too-deep');
    const count = this.argument(info);
    if (count > (this.bytes.length - this.offset) / itemsEach) throw new Refusal('truncated');
    if (count > this.items / itemsEach) throw new Refusal('too-many-items');
    return Number(count);
  }

  array(info: number, depth: number): CanonicalValue[] {
    const count = this.entries(info, depth, 1);
    const items: CanonicalValue[] = [];
    for (let index = 0; index < count; index += 1) items.push(this.value(depth + 1));
    return items;
  }

  map(info: number, depth: number): { [key: string]: CanonicalValue } {
    const count = this.entries(info, depth, 2);
    const map: { [key: string]: CanonicalValue } = {};
    let lastStart = 0;
    let lastEnd = -1;
    for (let index = 0; index < count; index += 1) {
      const initial = this.initial();
      if (initial >> 5 !== 3) throw new Refusal('key-type');
      const { start, end } = this.span(initial & 31);
      if (lastEnd >= 0) this.ordered(lastStart, lastEnd, start, end);
      lastStart = start;
      lastEnd = end;
      const key = this.key(start, end);
      const value = this.value(depth + 1);
      if (key === '__proto__') {
        Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
      } else {
        map[key] = value;
      }
    }
    return map;
  }

  /** A key as the engine keeps it for property names: records repeat theirs, so the last ones seen are at hand. */
  key(start: number, end: number): string {
    const length = end - start;
    if (length > MAX_KNOWN_LENGTH) return this.textOf(start, end);
    const { bytes } = this;
    let slot = length;
    for (let index = start; index < end; index += 1)
      slot = (slot * 31 + (bytes[index] as number)) & KNOWN_MASK;
    const known = knownKeys[slot];
    if (known !== undefined && known.length === length) {
      let index = 0;
      while (index < length && known.charCodeAt(index) === bytes[start + index]) index += 1;
      if (index === length) return known;
    }
    const key = this.textOf(start, end);
    // Of one byte a character, so that the comparison above holds.
    if (key.length === length) knownKeys[slot] = key;
    return key;
  }

  /** Keys ascend by length, then bytewise. */
  ordered(lastStart: number, lastEnd: number, start: number, end: number): void {
    const longer = end - start - (lastEnd - lastStart);
    if (longer > 0) return;
    if (longer < 0) throw new Refusal('key-order');
    const { bytes } = this;
    for (let index = 0; index < end - start; index += 1) {
      const difference = (bytes[start + index] as number) - (bytes[lastStart + index] as number);
      if (difference > 0) return;
      if (difference < 0) throw new Refusal('key-order');
    }
    throw new Refusal('duplicate-key');
  }

  link(info: number): Link {
    if (this.argument(info) !== 42) throw new Refusal('tag');
    const initial = this.initial();
    if (initial >> 5 !== 2) throw new Refusal('cid');
    const { start, end } = this.span(initial & 31);
    if (start === end || this.bytes[start] !== 0) throw new Refusal('cid');
    const binary = this.bytes.slice(start + 1, end);
    if (scanCid(binary) === undefined) throw new Refusal('cid');
    return CID.decode(binary);
  }

  simple(info: number): null | boolean {
    if (info === 20) return false;
    if (info === 21) return true;
    if (info === 22) return null;
    if (info >= 25 && info <= 27) throw new Refusal('float');
    if (info === 31) throw new Refusal('indefinite-length');
    throw new Refusal(info >= 28 ? 'reserved' : 'simple-value');
  }
}

/** What `decodeCanonical` answers; `offset` is where in the input the refusal came. */
export type CanonicalVerdict =
  | { readonly ok: true; readonly value: CanonicalValue }
  | { readonly ok: false; readonly reason: DecodeReason; readonly offset: number };

/** Memory that other threads may write is read once, into a copy. */
function privateView(bytes: Uint8Array): Uint8Array {
  if (!(bytes.buffer instanceof ArrayBuffer)) return new Uint8Array(bytes);
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Reads one canonical value: strict DAG-CBOR (IPLD specification; RFC 8949 §4.2 with keys ordered by length, then
 * bytewise) without floats. Exactly one byte form is accepted for each value, so that `encodeCanonical` gives the
 * input back. Never throws; work and memory are bounded by `limits`. Byte strings are copies, maps plain objects in
 * which `__proto__` is a key like any other.
 */
export function decodeCanonical(bytes: Uint8Array, limits: DecodeLimits = {}): CanonicalVerdict {
  if (!isBytes(bytes)) return { ok: false, reason: 'not-bytes', offset: 0 };
  if (bytes.length > bound(limits?.maxBytes, DEFAULT_MAX_BYTES)) {
    return { ok: false, reason: 'too-large', offset: 0 };
  }
  const reader = new Reader(privateView(bytes), limits ?? {});
  try {
    const value = reader.value(0);
    if (reader.offset === reader.bytes.length) return { ok: true, value };
    return { ok: false, reason: 'trailing-bytes', offset: reader.offset };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason, offset: reader.offset };
    throw error;
  }
}
