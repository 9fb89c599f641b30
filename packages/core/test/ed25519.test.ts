import { fromHex, hasCode, toHex } from '@hypermesh/core';
import {
  createSigner,
  generateKey,
  publicKeyOf,
  publicKeyPortable,
  sign,
  signPortable,
  verify,
  verifyPortable,
} from '@hypermesh/core/ed25519';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });

function bytes(hex: string): Uint8Array {
  const parsed = fromHex(hex);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.bytes;
}

describe('ed25519', () => {
  test('RFC 8032 §7.1 test 3 is reproduced natively and portably', () => {
    const secretKey = bytes('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7');
    const publicKey = bytes('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025');
    const signature =
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a';
    const message = bytes('af82');
    expect(publicKeyOf(secretKey)).toEqual(publicKey);
    expect(publicKeyPortable(secretKey)).toEqual(publicKey);
    expect(toHex(sign(message, secretKey))).toBe(signature);
    expect(toHex(signPortable(message, secretKey))).toBe(signature);
    expect(verify(signature, 'af82', toHex(publicKey))).toBe(true);
  });

  test('native and portable code sign alike and verify each other', () => {
    fc.assert(
      fc.property(seed, fc.uint8Array({ maxLength: 200 }), (secretKey, message) => {
        const { publicKey } = generateKey(secretKey);
        const signature = sign(message, secretKey);
        expect(signPortable(message, secretKey)).toEqual(signature);
        expect(createSigner(secretKey).sign(message)).toEqual(signature);
        expect(verify(signature, message, publicKey)).toBe(true);
        expect(verifyPortable(signature, message, publicKey)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test('a changed bit anywhere is refused by both', () => {
    const { secretKey, publicKey } = generateKey();
    const message = Uint8Array.from({ length: 40 }, (_, index) => index);
    const signature = sign(message, secretKey);
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2), fc.nat(511), (which, bit) => {
        const parts = [signature.slice(), message.slice(), publicKey.slice()] as const;
        const part = parts[which] as Uint8Array;
        const at = (bit >> 3) % part.length;
        part[at] = (part[at] as number) ^ (1 << (bit & 7));
        expect(verify(...parts)).toBe(false);
        expect(verifyPortable(...parts)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('anything of a wrong length or kind is refused, never thrown', () => {
    const { secretKey, publicKey } = generateKey();
    const message = new Uint8Array(3);
    const signature = sign(message, secretKey);
    const bad: readonly (readonly [unknown, unknown, unknown])[] = [
      [new Uint8Array(0), message, publicKey],
      [signature.subarray(1), message, publicKey],
      [new Uint8Array(65), message, publicKey],
      [signature, message, new Uint8Array(31)],
      [signature, message, new Uint8Array(33)],
      [signature, message, new Uint8Array(0)],
      ['zz'.repeat(64), message, publicKey],
      [toHex(signature).slice(1), message, publicKey],
      [signature, 'abc', publicKey],
      [signature, undefined, publicKey],
      [null, message, publicKey],
      [signature, message, { length: 32 }],
      [new Uint16Array(64), message, publicKey],
    ];
    for (const parts of bad) {
      expect(verify(...(parts as [Uint8Array, Uint8Array, Uint8Array]))).toBe(false);
    }
    expect(verify(signature, message, publicKey)).toBe(true);
  });

  test('more keys than the cache holds still verify', () => {
    const message = Uint8Array.of(7);
    const signers = Array.from({ length: 1100 }, () => createSigner(generateKey().secretKey));
    const first = signers[0] as (typeof signers)[number];
    for (const signer of [...signers, first]) {
      expect(verify(signer.sign(message), message, signer.publicKey)).toBe(true);
    }
  });

  test('a fresh key is new each time, and the key of a seed is a copy of it', () => {
    expect(generateKey().secretKey).not.toEqual(generateKey().secretKey);
    const given = new Uint8Array(32).fill(9);
    const { secretKey } = generateKey(given);
    given.fill(0);
    expect(secretKey).toEqual(new Uint8Array(32).fill(9));
  });

  test('a secret key of a wrong length is misuse and is named without its bytes', () => {
    for (const length of [0, 31, 33, 64]) {
      const caught = (() => {
        try {
          return sign(new Uint8Array(1), new Uint8Array(length).fill(171));
        } catch (error) {
          return error;
        }
      })();
      expect(hasCode(caught, 'core/wrong-length')).toBe(true);
      expect(String(caught)).not.toContain('171');
    }
  });
});
