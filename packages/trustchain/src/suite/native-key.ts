import type { KeyObject } from 'node:crypto';
import { concatBytes, fromHex } from '@hypermesh/core';
import { demandNodeCrypto } from '../native.ts';

/**
 * How `node:crypto` takes raw keys: each algorithm's SubjectPublicKeyInfo and PKCS#8 frames are constant up to the
 * key itself, so a prefix turns raw bytes into DER and cutting it off turns DER into raw bytes (RFC 8410, RFC 5915,
 * RFC 9881, RFC 9935; the post-quantum private keys in their seed form).
 */
interface RawKeyFrame {
  readonly spki: Uint8Array;
  readonly pkcs8: Uint8Array;
}

const frame = (spki: string, pkcs8: string): RawKeyFrame => ({
  spki: bytesOf(spki),
  pkcs8: bytesOf(pkcs8),
});

function bytesOf(hex: string): Uint8Array {
  const read = fromHex(hex);
  if (!read.ok) throw new RangeError('not hex');
  return read.bytes;
}

/** The algorithms that have a raw-key frame. */
export type RawKeyAlgorithm = 'ed25519' | 'x25519' | 'p256' | 'ml-dsa-44' | 'ml-dsa-65' | 'ml-kem-768';

const FRAMES: Readonly<Record<RawKeyAlgorithm, RawKeyFrame>> = {
  ed25519: frame('302a300506032b6570032100', '302e020100300506032b657004220420'),
  x25519: frame('302a300506032b656e032100', '302e020100300506032b656e04220420'),
  p256: frame(
    '3059301306072a8648ce3d020106082a8648ce3d030107034200',
    '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420',
  ),
  'ml-dsa-44': frame(
    '30820532300b060960864801650304031103820521' + '00',
    '3034020100300b0609608648016503040311' + '04228020',
  ),
  'ml-dsa-65': frame(
    '308207b2300b0609608648016503040312038207a100',
    '3034020100300b0609608648016503040312' + '04228020',
  ),
  'ml-kem-768': frame(
    '308204b2300b0609608648016503040402038204a100',
    '3054020100300b0609608648016503040402' + '04428040',
  ),
};

/** Imports a raw public key; throws what OpenSSL says of a bad one. */
export function importPublic(algorithm: RawKeyAlgorithm, raw: Uint8Array): KeyObject {
  const key = concatBytes(FRAMES[algorithm].spki, raw) as Buffer;
  return demandNodeCrypto().createPublicKey({ key, format: 'der', type: 'spki' });
}

/** Imports a raw secret key or seed; throws what OpenSSL says of a bad one. */
export function importSecret(algorithm: RawKeyAlgorithm, raw: Uint8Array): KeyObject {
  const key = concatBytes(FRAMES[algorithm].pkcs8, raw) as Buffer;
  try {
    return demandNodeCrypto().createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } finally {
    key.fill(0);
  }
}

/** The raw public key of a public or private key. */
export function exportPublic(algorithm: RawKeyAlgorithm, key: KeyObject): Uint8Array {
  const held = key.type === 'private' ? demandNodeCrypto().createPublicKey(key) : key;
  return new Uint8Array(held.export({ format: 'der', type: 'spki' }).subarray(FRAMES[algorithm].spki.length));
}
