import { equalBytes, toHex } from '@hypermesh/core';
import { gcdWithCofactor, partialEuclid, squareRoot } from './euclid.ts';
import { type ClassGroup, type Form, formOf, identityOf, isReduced } from './form.ts';

/** Bytes of a serialised form, for every discriminant of up to 1024 bits. */
export const FORM_BYTES = 100;
const B_IS_NEGATIVE = 1;
const T_IS_NEGATIVE = 2;
const IDENTITY = 4;
const GENERATOR = 8;

function readInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`);
}

function writeInteger(bytes: Uint8Array, value: bigint): void {
  let left = value;
  for (let i = 0; i < bytes.length; i++, left >>= 8n) bytes[i] = Number(left & 0xffn);
}

/** The fields after the first two bytes: a/g, t/g, g and b0, little-endian, where g has `gBytes` bytes. */
function fieldsOf(bytes: Uint8Array, { discriminant }: ClassGroup, gBytes: number) {
  const words = Math.ceil((-discriminant).toString(16).length / 8);
  const sizes = [2 * words - gBytes + 1, words - gBytes + 1, gBytes, gBytes];
  let at = 2;
  const [a, t, g, b0] = sizes.map((size) => {
    at += size;
    return bytes.subarray(at - size, at);
  }) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return { a, t, g, b0, isPossible: gBytes <= words };
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/**
 * chiavdf's compressed form of a reduced form. In place of b there is t, half as long: the cofactor of the first
 * remainder at or below √a in Euclid's algorithm on (a, |b|), so that t²·discriminant mod a is that remainder's square.
 * What a and t have in common is kept apart as g, with the part b0 of b that is then lost. The identity and the
 * generator (2, 1) are one flag. Bytes that are not needed are zero.
 */
export function serialize(group: ClassGroup, { a, b }: Form): Uint8Array {
  const bytes = new Uint8Array(FORM_BYTES);
  if (b === 1n && a <= 2n) {
    bytes[0] = a === 1n ? IDENTITY : GENERATOR;
    return bytes;
  }
  const { co1: t } = partialEuclid(a, magnitude(b), squareRoot(a));
  const { gcd } = gcdWithCofactor(a, t);
  const gBytes = Math.ceil(gcd.toString(16).length / 2);
  bytes[0] = (b < 0n ? B_IS_NEGATIVE : 0) | (t < 0n ? T_IS_NEGATIVE : 0);
  bytes[1] = gBytes - 1;
  const fields = fieldsOf(bytes, group, gBytes);
  writeInteger(fields.a, a / gcd);
  writeInteger(fields.t, magnitude(t) / gcd);
  writeInteger(fields.g, gcd);
  writeInteger(fields.b0, gcd === 1n ? 0n : magnitude(b) / (a / gcd));
  return bytes;
}

function decompress(group: ClassGroup, bytes: Uint8Array): Form | undefined {
  const flags = bytes[0] as number;
  if (flags === IDENTITY) return identityOf(group);
  if (flags === GENERATOR) return formOf(group, 2n, 1n);
  const fields = fieldsOf(bytes, group, (bytes[1] as number) + 1);
  if (!fields.isPossible) return undefined;
  const a = readInteger(fields.a);
  if (a === 0n) return undefined;
  const t = readInteger(fields.t) * (flags & T_IS_NEGATIVE ? -1n : 1n);
  const { gcd, cofactor } = gcdWithCofactor(a, t);
  if (gcd !== 1n) return undefined;
  const rest = (((t * t) % a) * (group.discriminant % a)) % a;
  const remainder = rest < 0n ? rest + a : rest;
  const root = squareRoot(remainder);
  if (root * root !== remainder) return undefined;
  const low = (root * cofactor) % a;
  const b = (low < 0n ? low + a : low) + a * readInteger(fields.b0);
  return formOf(group, a * readInteger(fields.g), flags & B_IS_NEGATIVE ? -b : b);
}

/**
 * The form that {@link FORM_BYTES} bytes stand for; undefined unless it is a reduced form of the discriminant and
 * these are the very bytes that it is serialised to. (chiavdf itself lets other bytes behind the two flags pass.)
 */
export function deserialize(group: ClassGroup, bytes: Uint8Array): Form | undefined {
  const form = decompress(group, bytes);
  return form !== undefined && isReduced(form) && equalBytes(serialize(group, form), bytes)
    ? form
    : undefined;
}
