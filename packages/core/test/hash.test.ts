import { domainHash, domainMessage, fromHex, sha256, sha512, toHex, utf8 } from '@hypermesh/core';
import { sha256 as portableSha256, sha512 as portableSha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 });

describe('hashes', () => {
  test('the examples of FIPS 180-4 are reproduced', () => {
    expect(toHex(sha256(utf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(toHex(sha512(utf8('abc')))).toMatch(/^ddaf35a193617aba.*a54ca49f$/);
  });

  test('parts hash like their concatenation, natively and portably, into memory of their own', () => {
    fc.assert(
      fc.property(parts, (list) => {
        const whole = new Uint8Array(Buffer.concat(list));
        expect(sha256(...list)).toEqual(portableSha256(whole));
        expect(sha512(...list)).toEqual(portableSha512(whole));
        expect(sha256(...list).buffer.byteLength).toBe(32);
      }),
    );
  });

  test('a preimage frames domain and parts by their lengths', () => {
    const message = domainMessage('hypermesh/core/test/v1', utf8('a'), new Uint8Array(0));
    expect(toHex(message)).toBe(
      `00000016${toHex(utf8('hypermesh/core/test/v1'))}${'00000001'}61${'00000000'}`,
    );
    expect(domainHash('hypermesh/core/test/v1', utf8('a'), new Uint8Array(0))).toEqual(sha256(message));
    const large = new Uint8Array(10_000);
    expect(domainHash('d', large)).toEqual(sha256(domainMessage('d', large)));
  });

  test('no two lists of domain and parts share a preimage', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        parts,
        fc.string({ minLength: 1 }),
        parts,
        (a, left, b, right) => {
          const same = a === b && JSON.stringify(left.map(toHex)) === JSON.stringify(right.map(toHex));
          expect(toHex(domainMessage(a, ...left)) === toHex(domainMessage(b, ...right))).toBe(same);
          expect(toHex(domainHash(a, ...left)) === toHex(domainHash(b, ...right))).toBe(same);
        },
      ),
    );
    const [head, tail] = [utf8('ab'), utf8('c')];
    expect(domainHash('d', head, tail)).not.toEqual(domainHash('d', utf8('a'), utf8('bc')));
    expect(domainHash('d', head)).not.toEqual(domainHash('d', head, new Uint8Array(0)));
  });

  test('a domain is never empty', () => {
    expect(() => domainHash('')).toThrow(expect.objectContaining({ code: 'core/out-of-range' }));
    expect(fromHex('00').ok).toBe(true);
  });
});
