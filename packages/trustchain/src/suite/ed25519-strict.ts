import { concatBytes, toHex } from '@hypermesh/core';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';

const { Point } = ed25519;

/**
 * Verifies as OpenSSL does, which checks [S]B = R + [k]A without the cofactor and refuses an R of small order. Throws
 * where the bytes are no points or scalars.
 */
export function verifyStrictly(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (!ed25519.verify(signature, message, publicKey, { zip215: false })) return false;
  const r = Point.fromBytes(signature.subarray(0, 32));
  if (r.isSmallOrder()) return false;
  const a = Point.fromBytes(publicKey);
  const s = Point.Fn.fromBytes(signature.subarray(32));
  const hash = sha512(concatBytes(signature.subarray(0, 32), publicKey, message));
  const k = Point.Fn.create(BigInt(`0x${toHex(hash.toReversed())}`));
  return Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).equals(r);
}
