import { constants, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DerReader } from '../src/x509/der/reader.ts';
import { readPublicKey } from '../src/x509/key.ts';
import { verifyPortably } from '../src/x509/signature-portable.ts';

const HASHES = ['sha256', 'sha384', 'sha512'] as const;
const message = new TextEncoder().encode('what is signed');

interface Case {
  name: string;
  pair: { publicKey: KeyObject; privateKey: KeyObject };
  hash: (typeof HASHES)[number] | null;
  pss?: true;
}

const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const rsa = (modulusLength: number, publicExponent: number) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent });
const each = (name: string, pair: Case['pair'], pss?: true): Case[] =>
  HASHES.map((hash) => ({ name: `${name} and ${hash}`, pair, hash, ...(pss === true ? { pss } : {}) }));
const rsa2048 = rsa(2048, 0x10001);
const rsa3072 = rsa(3072, 3);

const cases: Case[] = [
  ...each('P-256', curve('P-256')),
  ...each('P-384', curve('P-384')),
  ...each('P-521', curve('P-521')),
  ...each('RSA of 2048 bits', rsa2048),
  ...each('RSA-PSS of 2048 bits', rsa2048, true),
  ...each('RSA of 3072 bits', rsa3072),
  ...each('RSA-PSS of 3072 bits', rsa3072, true),
  { name: 'Ed25519', pair: generateKeyPairSync('ed25519'), hash: null },
  { name: 'ML-DSA-44', pair: generateKeyPairSync('ml-dsa-44'), hash: null },
  { name: 'ML-DSA-65', pair: generateKeyPairSync('ml-dsa-65'), hash: null },
  { name: 'ML-DSA-87', pair: generateKeyPairSync('ml-dsa-87'), hash: null },
];

describe('a signature of a certificate without node:crypto', () => {
  it.each(cases)('by $name is judged as OpenSSL judges it', ({ pair, hash, pss }) => {
    const padding =
      pss === true
        ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
        : {};
    const key = readPublicKey(
      new DerReader(new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }))),
      'key',
    );
    const scheme = pss === true ? { hash, pss } : { hash };
    const portable = (text: Uint8Array, signature: Uint8Array) => {
      try {
        return verifyPortably(scheme, key, text, signature);
      } catch {
        return false;
      }
    };
    const native = (text: Uint8Array, signature: Uint8Array) =>
      verify(hash, text, { key: pair.publicKey, ...padding }, signature);
    const good = new Uint8Array(sign(hash, message, { key: pair.privateKey, ...padding }));
    const altered = Array.from({ length: 24 }, (_, index) => {
      const copy = good.slice();
      const at = Math.floor((index * good.length) / 24);
      copy[at] = (copy[at] ?? 0) ^ (1 << (index % 8));
      return copy;
    });
    const signatures = [
      good,
      ...altered,
      good.subarray(1),
      good.subarray(0, -1),
      new Uint8Array([...good, 0]),
      new Uint8Array([0, ...good]),
      new Uint8Array(),
      new Uint8Array(good.length),
      new Uint8Array(good.length).fill(0xff),
    ];
    expect(portable(message, good)).toBe(true);
    expect(portable(message.subarray(1), good)).toBe(false);
    const verdicts = signatures.map((signature) => portable(message, signature));
    expect(verdicts).toEqual(signatures.map((signature) => native(message, signature)));
    expect(verdicts.filter(Boolean)).toHaveLength(1);
  });

  it('by RSA with another salt length, hash or padding than said is refused', () => {
    const key = readPublicKey(
      new DerReader(new Uint8Array(rsa2048.publicKey.export({ format: 'der', type: 'spki' }))),
      'key',
    );
    const pss = (saltLength: number) =>
      new Uint8Array(
        sign('sha256', message, {
          key: rsa2048.privateKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength,
        }),
      );
    const plain = new Uint8Array(sign('sha256', message, rsa2048.privateKey));
    expect(verifyPortably({ hash: 'sha256', pss: true }, key, message, pss(32))).toBe(true);
    expect(verifyPortably({ hash: 'sha256', pss: true }, key, message, pss(20))).toBe(false);
    expect(verifyPortably({ hash: 'sha256', pss: true }, key, message, plain)).toBe(false);
    expect(verifyPortably({ hash: 'sha256' }, key, message, pss(32))).toBe(false);
    expect(verifyPortably({ hash: 'sha384' }, key, message, plain)).toBe(false);
    expect(verifyPortably({ hash: 'sha256' }, key, message, plain)).toBe(true);
  });
});
