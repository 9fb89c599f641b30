import { isBytes } from '../bytes.ts';
import { type CidCodec, type CidHash, parseCid } from '../cid.ts';
import { scanCid } from '../cid-bytes.ts';
import { isLink } from '../codec/encode.ts';
import { type Link, MAX_INTEGER } from '../codec/value.ts';
import { CoreError } from '../failure.ts';
import { type Kind, type LiteralValue, Mismatch, type Schema } from './schema.ts';

/** Bounds of a byte string: exactly `length`, or `min` (0) to `max`. */
export type BytesBounds = { readonly length: number } | { readonly min?: number; readonly max: number };

function misuse(name: string): never {
  throw new CoreError({ code: 'core/out-of-range', name }, `the bounds of a schema (${name}) hold no value`);
}

/** A number from `min` to `max`, both safe integers. */
export function int(min: number, max: number): Schema<number> {
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min > max) misuse('int');
  return {
    kinds: ['integer'],
    read(value) {
      if (typeof value !== 'number')
        return new Mismatch(typeof value === 'bigint' ? 'out-of-range' : 'wrong-kind');
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return new Mismatch('wrong-kind');
      return value < min || value > max ? new Mismatch('out-of-range') : value;
    },
  };
}

/** A number from 0 to `max`, which is 2^53-1 unless given. */
export function uint(max: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  return int(0, max);
}

/** A bigint from 0 to `max`, which is 2^64-1 unless given; small values are bigint too. */
export function bigint(max: bigint = MAX_INTEGER): Schema<bigint> {
  if (max < 0n || max > MAX_INTEGER) misuse('bigint');
  return {
    kinds: ['integer'],
    read(value, fresh) {
      const wide = fresh && typeof value === 'number' ? BigInt(value) : value;
      if (typeof wide !== 'bigint') return new Mismatch('wrong-kind');
      return wide < 0n || wide > max ? new Mismatch('out-of-range') : wide;
    },
  };
}

function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    // A surrogate pair is two units and four bytes.
    if (code > 0x7ff && (code < 0xd800 || code > 0xdfff)) length += 2;
    else if (code > 0x7f) length += 1;
  }
  return length;
}

/** Well-formed text of at most `max` bytes in UTF-8. */
export function text(max: number): Schema<string> {
  if (!Number.isSafeInteger(max) || max < 0) misuse('text');
  return {
    kinds: ['text'],
    read(value) {
      if (typeof value !== 'string') return new Mismatch('wrong-kind');
      if (value.length > max || (value.length * 3 > max && utf8Length(value) > max)) {
        return new Mismatch('wrong-length');
      }
      return value.isWellFormed() ? value : new Mismatch('utf8');
    },
  };
}

/** Bytes within bounds. */
export function bytes(bounds: BytesBounds): Schema<Uint8Array> {
  const min = 'length' in bounds ? bounds.length : (bounds.min ?? 0);
  const max = 'length' in bounds ? bounds.length : bounds.max;
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min < 0 || min > max) misuse('bytes');
  return {
    kinds: ['bytes'],
    read(value) {
      if (!isBytes(value)) return new Mismatch('wrong-kind');
      return value.length < min || value.length > max ? new Mismatch('wrong-length') : value;
    },
  };
}

/** True or false. */
export function bool(): Schema<boolean> {
  return {
    kinds: ['bool'],
    read: (value) => (typeof value === 'boolean' ? value : new Mismatch('wrong-kind')),
  };
}

/**
 * The text of a CIDv1 of ours (`parseCid`), as text on the wire too; narrowed to one codec or hash where the field
 * asks for it. `s.cid<NodeId>({ codec: 'dag-cbor', hash: 'sha2-256' })` gives out the branded id.
 */
export function cid<Id extends string = string>(
  rule: { readonly codec?: CidCodec; readonly hash?: CidHash } = {},
): Schema<Id> {
  return {
    kinds: ['text'],
    read(value) {
      if (typeof value !== 'string') return new Mismatch('wrong-kind');
      const parsed = parseCid(value);
      if (!parsed.ok) return new Mismatch('cid');
      if (rule.codec !== undefined && parsed.codec !== rule.codec) return new Mismatch('cid');
      return rule.hash !== undefined && parsed.hash !== rule.hash ? new Mismatch('cid') : value;
    },
  };
}

/** A link: tag 42 with a CIDv1 on the wire, so that tools of IPLD can follow it. */
export function link(): Schema<Link> {
  return {
    kinds: ['link'],
    read(value) {
      if (typeof value !== 'object' || value === null || !isLink(value)) return new Mismatch('wrong-kind');
      return scanCid(value.bytes) === undefined ? new Mismatch('cid') : value;
    },
  };
}

function kindOf(value: LiteralValue): Kind {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'bool' : 'integer';
}

/** Exactly this value. A number is a safe integer. */
export function literal<const L extends LiteralValue>(only: L): Schema<L> {
  if (typeof only === 'number' && (!Number.isSafeInteger(only) || Object.is(only, -0))) misuse('literal');
  const kind = kindOf(only);
  return {
    kinds: [kind],
    literal: only,
    read: (value) => (Object.is(value, only) ? value : new Mismatch('wrong-literal')),
  };
}
