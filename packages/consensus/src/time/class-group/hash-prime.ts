import { concatBytes, sha256, toHex } from '@hypermesh/core';
import { BoundedMap } from '../../engine/bounded-map.ts';
import { isProbablePrime } from './prime.ts';
import { hasSmallFactor } from './sieve.ts';

/** A prime of 1024 bits takes 355 candidates on average; that none of so many is prime has probability 2^-66. */
const ATTEMPTS = 2 ** 14;
export const CHALLENGE_BYTES = 33;

/** Adds one to a big-endian integer, in place; the highest carry is lost. */
function increment(bytes: Uint8Array): void {
  for (let i = bytes.length - 1; i >= 0; i--) {
    const next = ((bytes[i] as number) + 1) & 0xff;
    bytes[i] = next;
    if (next !== 0) return;
  }
}

/** Little-endian 32-bit words of a big-endian integer. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(bytes.length / 4));
  for (let i = 0; i < bytes.length; i++) {
    const place = bytes.length - 1 - i;
    words[place >> 2] = ((words[place >> 2] as number) | ((bytes[i] as number) << (8 * (place & 3)))) >>> 0;
  }
  return words;
}

/**
 * The first prime among the hashes of a seed: SHA-256 of the seed plus 1, plus 2, … , joined and cut to `size` bytes,
 * the highest bit and those of `lowBits` set. Undefined after 2^14 candidates.
 */
function hashPrime(seed: Uint8Array, size: number, lowBits: number): bigint | undefined {
  const counter = seed.slice();
  const candidate = new Uint8Array(size);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    for (let at = 0; at < size; at += 32) {
      increment(counter);
      candidate.set(sha256(counter).subarray(0, size - at), at);
    }
    candidate[0] = (candidate[0] as number) | 0x80;
    candidate[size - 1] = (candidate[size - 1] as number) | lowBits;
    // The longer the number, the dearer the test that a small factor spares.
    if (hasSmallFactor(wordsOf(candidate), 256 * size)) continue;
    const value = BigInt(`0x${toHex(candidate)}`);
    if (isProbablePrime(value)) return value;
  }
  return undefined;
}

/** Delays mostly come several to a seed, and the search is most of what verifying one costs: the last few are kept. */
const found = new BoundedMap<string, bigint>(8);

/** {@link discriminantOf}, without a search where the same was asked shortly before. */
export function rememberedDiscriminantOf(seed: Uint8Array, bits: number): bigint | undefined {
  const key = `${bits} ${toHex(seed)}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  const discriminant = discriminantOf(seed, bits);
  if (discriminant !== undefined) found.set(key, discriminant);
  return discriminant;
}

/** The discriminant of a seed: minus a prime of exactly `bits` bits (a multiple of 8) that is 7 mod 8. */
export function discriminantOf(seed: Uint8Array, bits: number): bigint | undefined {
  const prime = hashPrime(seed, bits / 8, 7);
  return prime === undefined ? undefined : -prime;
}

/** The 264-bit prime that a proof of y = x^(2^T) is made for, from the serialised forms. */
export function challengeOf(x: Uint8Array, y: Uint8Array): bigint | undefined {
  return hashPrime(concatBytes(x, y), CHALLENGE_BYTES, 1);
}
