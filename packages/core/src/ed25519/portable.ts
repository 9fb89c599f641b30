import { ed25519 } from '@noble/curves/ed25519.js';
import { demandBytes, isBytes } from '../bytes.ts';

/** Signs without native code (RFC 8032, deterministic): the same 64 bytes as `sign`. Not formally constant-time. */
export function signPortable(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  return ed25519.sign(demandBytes(message, 'message'), demandBytes(secretKey, 'secretKey', 32));
}

/** Public key of a 32-byte seed, without native code. */
export function publicKeyPortable(secretKey: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(demandBytes(secretKey, 'secretKey', 32));
}

/**
 * The rule itself, without native code: ZIP-215 (cofactored equation, any encoding of the points, S below the group
 * order). `verify` gives the same verdict for every input. Never throws.
 */
export function verifyPortable(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (!isBytes(signature) || !isBytes(message) || !isBytes(publicKey)) return false;
  if (signature.length !== 64 || publicKey.length !== 32) return false;
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: true });
  } catch {
    return false;
  }
}
