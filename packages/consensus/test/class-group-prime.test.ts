import { checkPrimeSync } from 'node:crypto';
import { utf8 } from '@hypermesh/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { challengeOf, discriminantOf } from '../src/time/class-group/hash-prime.ts';
import { isProbablePrime, powerOfTwo } from '../src/time/class-group/prime.ts';
import { hasSmallFactor } from '../src/time/class-group/sieve.ts';

const wordsOf = (value: bigint, count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, i) => Number((value >> BigInt(32 * i)) & 0xffff_ffffn));

test('the prime test agrees with that of OpenSSL', () => {
  let primes = 0;
  fc.assert(
    fc.property(fc.bigInt(2n ** 64n, 2n ** 90n), (n) => {
      for (let odd = n | 1n; odd < n + 200n; odd += 2n) {
        const isPrime = checkPrimeSync(odd);
        expect(isProbablePrime(odd)).toBe(isPrime);
        if (isPrime) primes++;
      }
    }),
    { numRuns: 20 },
  );
  expect(primes).toBeGreaterThan(20);
});

test.each([127, 521, 607, 1279])('2^%i - 1 is prime', (exponent) => {
  expect(isProbablePrime(2n ** BigInt(exponent) - 1n)).toBe(true);
});

test.each([
  ['strong to base 2', [2047n, 3277n, 4033n, 4681n, 8321n, 15_841n, 29_341n]],
  ['strong to the bases up to 7', [3_215_031_751n]],
  ['strong to the bases up to 23', [3_825_123_056_546_413_051n]],
  ['extra strong Lucas', [989n, 3239n, 5777n, 10_877n, 27_971n, 29_681n, 30_739n]],
  ['squares of primes', [1093n ** 2n, 3511n ** 2n, (2n ** 127n - 1n) ** 2n]],
  ['products of two large primes', [(2n ** 521n - 1n) * (2n ** 607n - 1n)]],
])('pseudoprimes are refused: %s', (_, composites) => {
  for (const composite of composites) expect(isProbablePrime(composite)).toBe(false);
});

test('powers of two are those of repeated doubling', () => {
  fc.assert(
    fc.property(fc.nat(3000), fc.bigInt(1n, 2n ** 300n), (exponent, half) => {
      const modulus = 2n * half + 1n;
      expect(powerOfTwo(BigInt(exponent), modulus)).toBe((1n << BigInt(exponent)) % modulus);
    }),
  );
});

test('the sieve finds the primes below its limit, and no others', () => {
  const limit = 2 ** 15;
  fc.assert(
    fc.property(fc.bigInt(2n ** 64n, 2n ** 1024n - 1n), (value) => {
      let expected = false;
      for (let n = 3n; n < limit && !expected; n += 2n) expected = value % n === 0n;
      expect(hasSmallFactor(wordsOf(value, 32), limit)).toBe(expected);
    }),
  );
  const [last, beyond, large] = [32_749n, 32_771n, 2n ** 521n - 1n];
  expect(hasSmallFactor(wordsOf(last * large, 32), limit)).toBe(true);
  expect(hasSmallFactor(wordsOf(last * large, 32), 32_749)).toBe(false);
  expect(hasSmallFactor(wordsOf(beyond * large, 32), limit)).toBe(false);
  expect(hasSmallFactor(new Uint32Array(32).fill(0xffff_ffff), limit)).toBe(true);
});

test.each([256, 264, 512, 1000])('a discriminant of %i bits is minus a prime, 7 mod 8', (bits) => {
  const prime = -(discriminantOf(utf8('a seed'), bits) as bigint);
  expect(prime.toString(2)).toHaveLength(bits);
  expect(prime % 8n).toBe(7n);
  expect(checkPrimeSync(prime)).toBe(true);
});

test('a challenge is a prime of 264 bits that depends on both forms and their order', () => {
  const [x, y] = [utf8('x'), utf8('y')];
  const challenge = challengeOf(x, y) as bigint;
  expect(challenge.toString(2)).toHaveLength(264);
  expect(checkPrimeSync(challenge)).toBe(true);
  expect(challengeOf(y, x)).not.toBe(challenge);
});

test('the search for a prime ends where a seed of one byte repeats itself without one', () => {
  // 256 hashes, four a candidate: 64 candidates over and over. Seeds 0 to 3 have different ones.
  const seeds = [0, 1, 2, 3].map((byte) => Uint8Array.of(byte));
  expect(seeds.some((seed) => discriminantOf(seed, 1024) === undefined)).toBe(true);
});

test('seeds that lie a few candidates apart share their discriminant, as they do in chiavdf', () => {
  const seed = new Uint8Array(32);
  const next = seed.slice();
  next[31] = 4;
  expect(discriminantOf(next, 1024)).toBe(discriminantOf(seed, 1024));
  next[31] = 1;
  expect(discriminantOf(next, 1024)).not.toBe(discriminantOf(seed, 1024));
});
