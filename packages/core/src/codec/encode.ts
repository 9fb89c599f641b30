import { compareBytes, isBytes, utf8 } from '../bytes.ts';
import { scanCid } from '../cid-bytes.ts';
import { CoreError, type EncodeReason } from '../failure.ts';
import { type Link, MAX_DEPTH, MAX_INTEGER, MIN_INTEGER } from './value.ts';

const encoder = new TextEncoder();
const WORDS: Readonly<Record<EncodeReason, string>> = {
  float: 'is no integer that is safe as a number (use bigint)',
  'integer-range': 'lies outside -2^63 … 2^64-1',
  unsupported: 'is of a kind that has no canonical form',
  'ill-formed-text': 'holds a lone surrogate',
  'symbol-key': 'has a symbol as key',
  'too-deep': `is nested deeper than ${MAX_DEPTH}`,
  cid: 'is a link, but not to a CIDv1',
};

/** The buffer that calls share, one at a time: a getter of the value may encode as well. */
let spare: Uint8Array | undefined = new Uint8Array(16_384);

class Writer {
  bytes: Uint8Array;
  length = 0;
  readonly path: (string | number)[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  refuse(reason: EncodeReason): never {
    const path = `$${this.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')}`;
    throw new CoreError({ code: 'core/not-canonical', reason, path }, `${path} ${WORDS[reason]}`);
  }

  room(size: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  head(major: number, argument: number): void {
    this.room(9);
    const { bytes } = this;
    const type = major << 5;
    if (argument < 24) {
      bytes[this.length++] = type | argument;
    } else if (argument < 0x100) {
      bytes[this.length++] = type | 24;
      bytes[this.length++] = argument;
    } else if (argument < 0x1_0000) {
      bytes[this.length++] = type | 25;
      bytes[this.length++] = argument >>> 8;
      bytes[this.length++] = argument & 255;
    } else if (argument < 0x1_0000_0000) {
      bytes[this.length++] = type | 26;
      this.uint32(argument);
    } else {
      bytes[this.length++] = type | 27;
      this.uint32(Math.floor(argument / 0x1_0000_0000));
      this.uint32(argument % 0x1_0000_0000);
    }
  }

  uint32(value: number): void {
    const { bytes } = this;
    bytes[this.length++] = value >>> 24;
    bytes[this.length++] = (value >>> 16) & 255;
    bytes[this.length++] = (value >>> 8) & 255;
    bytes[this.length++] = value & 255;
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.text(value);
        break;
      case 'number':
        this.number(value);
        break;
      case 'bigint':
        this.bigint(value);
        break;
      case 'boolean':
        this.byte(value ? 0xf5 : 0xf4);
        break;
      case 'object':
        this.object(value);
        break;
      default:
        this.refuse('unsupported');
    }
  }

  byte(value: number): void {
    this.room(1);
    this.bytes[this.length++] = value;
  }

  number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.refuse('float');
    if (value < 0) this.head(1, -1 - value);
    else this.head(0, value);
  }

  bigint(value: bigint): void {
    if (value < MIN_INTEGER || value > MAX_INTEGER) this.refuse('integer-range');
    const argument = value < 0n ? -1n - value : value;
    if (argument <= BigInt(Number.MAX_SAFE_INTEGER)) {
      this.head(value < 0n ? 1 : 0, Number(argument));
      return;
    }
    this.room(9);
    this.bytes[this.length++] = value < 0n ? 0x3b : 0x1b;
    this.uint32(Number(argument >> 32n));
    this.uint32(Number(argument & 0xffff_ffffn));
  }

  text(text: string): void {
    const { length } = text;
    if (length <= 100) {
      this.room(length + 2);
      const start = this.length;
      this.head(3, length);
      const { bytes } = this;
      let index = 0;
      for (; index < length; index += 1) {
        const code = text.charCodeAt(index);
        if (code > 127) break;
        bytes[this.length++] = code;
      }
      if (index === length) return;
      this.length = start;
    }
    if (!text.isWellFormed()) this.refuse('ill-formed-text');
    this.blob(3, encoder.encode(text));
  }

  blob(major: number, bytes: Uint8Array): void {
    this.head(major, bytes.length);
    this.room(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  object(value: object | null): void {
    if (value === null) this.byte(0xf6);
    else if (isBytes(value)) this.blob(2, value);
    else if (Array.isArray(value)) this.array(value);
    else if (isLink(value)) this.link(value.bytes);
    else this.map(value);
  }

  nested(): void {
    if (this.path.length >= MAX_DEPTH) this.refuse('too-deep');
  }

  array(items: readonly unknown[]): void {
    this.nested();
    this.head(4, items.length);
    for (let index = 0; index < items.length; index += 1) {
      this.path.push(index);
      this.value(items[index]);
      this.path.pop();
    }
  }

  map(map: object): void {
    this.nested();
    const prototype: unknown = Object.getPrototypeOf(map);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) this.refuse('unsupported');
    if (Object.getOwnPropertySymbols(map).length > 0) this.refuse('symbol-key');
    const keys = sortedKeys(map);
    this.head(5, keys.length);
    for (const key of keys) {
      this.path.push(key);
      this.text(key);
      this.value((map as Readonly<Record<string, unknown>>)[key]);
      this.path.pop();
    }
  }

  link(cid: Uint8Array): void {
    if (scanCid(cid) === undefined) this.refuse('cid');
    this.byte(0xd8);
    this.byte(42);
    const prefixed = new Uint8Array(cid.length + 1);
    prefixed.set(cid, 1);
    this.blob(2, prefixed);
  }
}

/** Links say what they are by `'/'` being their very `bytes`, also after a worker's message took their class away. */
export function isLink(value: object): value is Link {
  const link = value as { readonly '/'?: unknown; readonly bytes?: unknown };
  return isBytes(link['/']) && link['/'] === link.bytes;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 127) return false;
  }
  return true;
}

function asciiOrder(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

function utf8Order(a: string, b: string): number {
  const left = utf8(a);
  const right = utf8(b);
  return left.length - right.length || compareBytes(left, right);
}

/** Keys by length in UTF-8, then bytewise; few are inserted in place, which is free where they stand in order. */
function sortedKeys(map: object): string[] {
  const keys = Object.keys(map);
  if (!keys.every(isAscii)) return keys.sort(utf8Order);
  if (keys.length > 24) return keys.sort(asciiOrder);
  for (let index = 1; index < keys.length; index += 1) {
    const key = keys[index] as string;
    let place = index;
    for (; place > 0 && asciiOrder(keys[place - 1] as string, key) > 0; place -= 1) {
      keys[place] = keys[place - 1] as string;
    }
    keys[place] = key;
  }
  return keys;
}

/**
 * The one canonical byte form of a value: DAG-CBOR (IPLD specification) without floats; integers in their shortest
 * form, keys ordered by length, then bytewise. Takes plain objects, arrays, text, bytes, safe integers, bigints in
 * -2^63 … 2^64-1, booleans, null and links to a CIDv1. Throws `core/not-canonical` with reason and path for anything
 * else (floats, -0, undefined, symbols, class instances, lone surrogates, cycles).
 */
export function encodeCanonical(value: unknown): Uint8Array {
  const writer = new Writer(spare ?? new Uint8Array(1024));
  spare = undefined;
  try {
    writer.value(value);
    return writer.bytes.slice(0, writer.length);
  } finally {
    spare = writer.bytes.length <= 1_048_576 ? writer.bytes : new Uint8Array(16_384);
  }
}
