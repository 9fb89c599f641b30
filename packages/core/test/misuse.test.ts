import {
  cidOf,
  compareBytes,
  concatBytes,
  decodeCanonical,
  domainHash,
  equalBytes,
  fromUtf8,
  isBytes,
  nodeIdOf,
  sha256,
  sha512,
  toHex,
} from '@hypermesh/core';
import { blake3, createBlake3 } from '@hypermesh/core/blake3';
import {
  createSigner,
  generateKey,
  sign,
  signPortable,
  verify,
  verifyPortable,
} from '@hypermesh/core/ed25519';
import { createFrontier, leafHash, merkleRoot, nodeHash } from '@hypermesh/core/merkle';
import { describe, expect, test } from 'vitest';

/** What a caller without a type checker hands in where bytes belong; as lists of numbers they are all zeros. */
const NOT_BYTES: readonly unknown[] = [
  undefined,
  null,
  5,
  'text of 32 letters, not of bytes!',
  'abc',
  [1, 2],
  { length: 32 },
  new ArrayBuffer(32),
  new DataView(new ArrayBuffer(32)),
  new Uint16Array(16),
  Object.create(Uint8Array.prototype),
  new Proxy(new Uint8Array(32), {}),
];

const seed = new Uint8Array(32).fill(1);

const TAKERS: Readonly<Record<string, (wrong: Uint8Array) => unknown>> = {
  toHex,
  'equalBytes, left': (wrong) => equalBytes(wrong, seed),
  'equalBytes, both': (wrong) => equalBytes(wrong, wrong),
  compareBytes: (wrong) => compareBytes(seed, wrong),
  concatBytes: (wrong) => concatBytes(seed, wrong),
  sha256,
  'sha256 of parts': (wrong) => sha256(seed, wrong),
  sha512,
  domainHash: (wrong) => domainHash('hypermesh/core/test/v1', wrong),
  cidOf: (wrong) => cidOf(wrong, 'raw'),
  nodeIdOf,
  blake3,
  createBlake3: (wrong) => createBlake3().update(wrong),
  leafHash,
  nodeHash: (wrong) => nodeHash(seed, wrong),
  merkleRoot: (wrong) => merkleRoot([wrong]),
  createFrontier: (wrong) => createFrontier().append(wrong),
  sign: (wrong) => sign(wrong, seed),
  'sign, as key': (wrong) => sign(seed, wrong),
  signPortable: (wrong) => signPortable(wrong, seed),
  createSigner,
};

describe('what is not bytes is refused by its code and never read as zeros', () => {
  test.each(Object.entries(TAKERS))('%s', (_, take) => {
    for (const wrong of NOT_BYTES) {
      expect(() => take(wrong as Uint8Array)).toThrow(expect.objectContaining({ code: 'core/not-bytes' }));
    }
  });

  test('decoders and verifiers answer instead of throwing', () => {
    const { publicKey } = generateKey(seed);
    const signature = sign(seed, seed);
    for (const wrong of NOT_BYTES as readonly Uint8Array[]) {
      expect(isBytes(wrong)).toBe(false);
      expect(decodeCanonical(wrong)).toEqual({ ok: false, reason: 'not-bytes', offset: 0 });
      expect(fromUtf8(wrong)).toEqual({ ok: false, reason: 'utf8' });
      for (const check of [verify, verifyPortable]) {
        expect(check(wrong, seed, publicKey)).toBe(false);
        expect(check(signature, wrong, publicKey)).toBe(false);
        expect(check(signature, seed, wrong)).toBe(false);
      }
    }
    expect(decodeCanonical(Uint8Array.of(0xf6), null as never)).toEqual({ ok: true, value: null });
  });

  test('two texts are never equal bytes', () => {
    expect(() => equalBytes('abcdef' as never, 'fedcba' as never)).toThrow();
  });

  test('a codec, hash or domain that does not exist is refused', () => {
    const refused = expect.objectContaining({ code: 'core/out-of-range' });
    expect(() => cidOf(seed, 'dag-json' as never)).toThrow(refused);
    expect(() => cidOf(seed, 'raw', 'md5' as never)).toThrow(refused);
    expect(() => cidOf(seed, 'toString' as never)).toThrow(refused);
    for (const domain of ['', undefined, 5]) expect(() => domainHash(domain as never)).toThrow(refused);
  });
});

describe('what is kept is a copy, also of a Buffer, whose slice is a view', () => {
  test('a key outlives the seed that it was made from', () => {
    const given = Buffer.alloc(32, 1);
    const key = generateKey(given);
    given.fill(0);
    expect(key.secretKey).toEqual(seed);
  });

  test('a frontier keeps the leaves that it was given', () => {
    const given = Buffer.from(leafHash(seed));
    const frontier = createFrontier();
    frontier.append(given);
    const restored = createFrontier({ size: 1, hashes: [given] });
    const root = leafHash(seed);
    given.fill(0);
    expect([frontier.root(), restored.root()]).toEqual([root, root]);
  });
});
