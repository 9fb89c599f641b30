import { domainMessage, sha512 } from '@hypermesh/core';
import { nodeCrypto } from '../native.ts';
import { toInteger } from './rsa-2048.ts';

export const PRIME_BYTES = 33;
const ATTEMPTS = 8192;
const SMALL = [3, 5, 7, 11, 13, 17, 19, 23] as const;
const PRODUCT = SMALL.reduce((product, prime) => product * prime, 1);

function hasSmallFactor(bytes: Uint8Array): boolean {
  let rest = 0;
  for (const byte of bytes) rest = (rest * 256 + byte) % PRODUCT;
  return SMALL.some((prime) => rest % prime === 0);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** Miller-Rabin with 48 bases drawn from the candidate itself; for odd numbers above 2^64. */
export function isProbablePrime(candidate: bigint, seed: Uint8Array): boolean {
  let odd = candidate - 1n;
  let twos = 0;
  while ((odd & 1n) === 0n) {
    odd >>= 1n;
    twos++;
  }
  for (let i = 0; i < 48; i++) {
    const draw = toInteger(
      sha512(domainMessage('hypermesh/consensus/miller-rabin/v1', seed, Uint8Array.of(i))),
    );
    let x = power(2n + (draw % (candidate - 3n)), odd, candidate);
    if (x === 1n || x === candidate - 1n) continue;
    let composite = true;
    for (let r = 1; r < twos && composite; r++) {
      x = (x * x) % candidate;
      if (x === candidate - 1n) composite = false;
    }
    if (composite) return false;
  }
  return true;
}

function isPrime(bytes: Uint8Array, portable: boolean): boolean {
  if (hasSmallFactor(bytes)) return false;
  if (nodeCrypto !== undefined && !portable) return nodeCrypto.checkPrimeSync(bytes);
  return isProbablePrime(toInteger(bytes), bytes);
}

/**
 * The first 264-bit prime in the sequence of hashes of `message`. There is no hint that a prover could choose among
 * primes with. About 90 candidates on average; undefined after 8192, which does not happen (probability 2^-60).
 */
export function hashToPrime(
  message: Uint8Array,
  options: { readonly portable?: boolean } = {},
): bigint | undefined {
  const counter = new Uint8Array(4);
  const view = new DataView(counter.buffer);
  for (let i = 0; i < ATTEMPTS; i++) {
    view.setUint32(0, i);
    const bytes = sha512(domainMessage('hypermesh/consensus/hash-to-prime/v1', message, counter)).slice(
      0,
      PRIME_BYTES,
    );
    bytes[0] = (bytes[0] as number) | 0x80;
    bytes[PRIME_BYTES - 1] = (bytes[PRIME_BYTES - 1] as number) | 1;
    if (isPrime(bytes, options.portable === true)) return toInteger(bytes);
  }
  return undefined;
}
