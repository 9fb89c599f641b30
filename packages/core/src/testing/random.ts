import { utf8 } from '../bytes.ts';
import { CoreError } from '../failure.ts';
import { sha256 } from '../hash.ts';
import type { Random } from '../ports.ts';

/** A repeatable source: the same seed gives the same values on every machine. Never for keys. */
export interface SeededRandom extends Random {
  /** An integer in 0 … 2^32-1. */
  uint32(): number;
  /** An integer in 0 … n-1, each as likely; n in 1 … 2^32. */
  below(n: number): number;
  /** A number in [0, 1) of 32 bits. */
  unit(): number;
  /** A source of its own, which depends on this one's seed and the name alone. */
  fork(name: string): SeededRandom;
}

/** Makes a seeded source: xoshiro128** (Blackman, Vigna 2018), its state the SHA-256 of the seed's text. */
export function createSeededRandom(seed: number | bigint | string): SeededRandom {
  const state = new DataView(sha256(utf8(`${seed}`)).buffer);
  let s0 = state.getInt32(0);
  let s1 = state.getInt32(4);
  let s2 = state.getInt32(8);
  let s3 = state.getInt32(12);
  const uint32 = (): number => {
    const product = Math.imul(s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = (s3 << 11) | (s3 >>> 21);
    return result;
  };
  return {
    uint32,
    below(n) {
      if (!Number.isSafeInteger(n) || n < 1 || n > 2 ** 32) {
        throw new CoreError({ code: 'core/out-of-range', name: 'n' }, `${n} is no integer in 1 … 2^32`);
      }
      const fair = 2 ** 32 - (2 ** 32 % n);
      let value = uint32();
      while (value >= fair) value = uint32();
      return value % n;
    },
    unit: () => uint32() / 2 ** 32,
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let index = 0; index < length; index += 1) bytes[index] = uint32() >>> 24;
      return bytes;
    },
    fork: (name) => createSeededRandom(`${seed}/${name}`),
  };
}
