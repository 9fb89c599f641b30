import { createHash, createPublicKey, verify as nativeVerify } from 'node:crypto';
import { utf8 } from '@hypermesh/core';
import { verify, verifyPortable } from '@hypermesh/core/ed25519';
import { describe, expect, test } from 'vitest';
import { readVectors, vectorsAbsent } from './vectors.ts';

interface EdgeCase {
  readonly number: number;
  readonly key: string;
  readonly sig: string;
  readonly msg: string;
  readonly flags: readonly string[] | null;
}

interface Wycheproof {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly sig: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

/** What node:crypto alone says: differs between versions of Node. */
function nativeAlone({ key, sig, msg }: EdgeCase): boolean {
  const der = Buffer.concat([bytes('302a300506032b6570032100'), bytes(key)]);
  const object = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return nativeVerify(null, utf8(msg), object, bytes(sig));
}

describe.skipIf(vectorsAbsent !== undefined)('the edge cases of CCTV', () => {
  const cases = vectorsAbsent === undefined ? readVectors<EdgeCase[]>('cctv-ed25519.json') : [];

  test('every case has the verdict that ZIP-215 gives it, native or portable, as bytes or hex', () => {
    let verdicts = '';
    for (const { number, key, sig, msg, flags } of cases) {
      const has = (flag: string): boolean => flags?.includes(flag) ?? false;
      // A signature that needs re-encoded points in its hash is refused, except under a key of small order: the
      // cofactor then clears whatever the hash is.
      const expected = !has('reencoded_k') || has('low_order_A');
      const verdict = verify(bytes(sig), utf8(msg), bytes(key));
      expect(verdict, `case ${number}`).toBe(expected);
      expect(verifyPortable(bytes(sig), utf8(msg), bytes(key)), `case ${number}, portable`).toBe(expected);
      expect(verify(sig, Buffer.from(msg).toString('hex'), key), `case ${number}, hex`).toBe(expected);
      verdicts += verdict ? '1' : '0';
    }
    expect(cases).toHaveLength(914);
    expect(verdicts.replaceAll('0', '')).toHaveLength(826);
    expect(createHash('sha256').update(verdicts).digest('hex')).toBe(
      'a778c852afdc75601da739c60a74c82bff45b36b1151a3c2d2127dd133cba446',
    );
  });

  test('native code accepts no case that ZIP-215 refuses, and refuses some that it accepts', () => {
    const accepted = cases.filter(nativeAlone);
    for (const { number, sig, msg, key } of accepted) {
      expect(verifyPortable(bytes(sig), utf8(msg), bytes(key)), `case ${number}`).toBe(true);
    }
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.length).toBeLessThan(826);
  });
});

describe.skipIf(vectorsAbsent !== undefined)('the Ed25519 cases of Wycheproof', () => {
  test('every case has its verdict but number 151, which holds by the cofactored equation alone', () => {
    const { testGroups, numberOfTests } = readVectors<Wycheproof>('wycheproof-ed25519_test.json');
    const different: number[] = [];
    let run = 0;
    for (const { publicKey, tests } of testGroups) {
      for (const { tcId, msg, sig, result } of tests) {
        const verdict = verify(sig, msg, publicKey.pk);
        expect(verifyPortable(bytes(sig), bytes(msg), bytes(publicKey.pk)), `case ${tcId}`).toBe(verdict);
        if (verdict !== (result === 'valid')) different.push(tcId);
        run += 1;
      }
    }
    expect(run).toBe(151);
    expect(numberOfTests).toBe(151);
    expect(different).toEqual([151]);
  });
});
