import type { KeyObject } from 'node:crypto';
import { concatBytes } from '../bytes.ts';
import { nodeCrypto } from '../native.ts';

/** DER up to the 32 key bytes: SubjectPublicKeyInfo and PKCS #8 of RFC 8410. */
const SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const PKCS8 = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
);
const MAX_CACHED_KEYS = 1024;

/** Imported public keys, the least recently used first: consensus verifies the same few keys over and over. */
const imported = new Map<string, KeyObject>();

function importPublicKey(crypto: typeof import('node:crypto'), publicKey: Uint8Array): KeyObject {
  // Name and key come of one copy: memory that another thread writes must not put one key under another's name.
  const der = concatBytes(SPKI, publicKey);
  const name = String.fromCharCode(...der.subarray(SPKI.length));
  let key = imported.get(name);
  if (key === undefined) {
    key = crypto.createPublicKey({ key: der as Buffer, format: 'der', type: 'spki' });
    if (imported.size >= MAX_CACHED_KEYS) imported.delete(imported.keys().next().value as string);
  } else {
    imported.delete(name);
  }
  imported.set(name, key);
  return key;
}

/** Whether the native code accepts; it accepts no more than ZIP-215 does, and on some edge cases less. */
export function nativeAccepts(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (nodeCrypto === undefined) return false;
  try {
    return nodeCrypto.verify(null, message, importPublicKey(nodeCrypto, publicKey), signature);
  } catch {
    // A build without Ed25519 accepts nothing; the portable rule decides then.
    return false;
  }
}

/** A secret key of native code, or undefined where there is none. */
export function importSecretKey(secretKey: Uint8Array): KeyObject | undefined {
  if (nodeCrypto === undefined) return undefined;
  const der = concatBytes(PKCS8, secretKey);
  try {
    return nodeCrypto.createPrivateKey({ key: der as Buffer, format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  } finally {
    der.fill(0);
  }
}

/** The 64 bytes of a native signature. */
export function nativeSign(message: Uint8Array, key: KeyObject): Uint8Array | undefined {
  return nodeCrypto && new Uint8Array(nodeCrypto.sign(null, message, key));
}

/** The public half of a native key. */
export function nativePublicKey(key: KeyObject): Uint8Array | undefined {
  return (
    nodeCrypto &&
    new Uint8Array(nodeCrypto.createPublicKey(key).export({ format: 'der', type: 'spki' })).slice(-32)
  );
}
