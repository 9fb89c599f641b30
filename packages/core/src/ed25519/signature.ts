import { demandBytes, fromHex, isBytes } from '../bytes.ts';
import { importSecretKey, nativeAccepts, nativePublicKey, nativeSign } from './native.ts';
import { publicKeyPortable, signPortable, verifyPortable } from './portable.ts';

/** An Ed25519 key pair; `secretKey` is the 32-byte seed of RFC 8032, `publicKey` 32 bytes. */
export interface Ed25519Key {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A secret key that is imported once and signs many messages. */
export interface Ed25519Signer {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

function demandSeed(secretKey: Uint8Array): Uint8Array {
  return demandBytes(secretKey, 'secretKey', 32);
}

/** A signer that holds its own copy of the key. */
export function createSigner(secretKey: Uint8Array): Ed25519Signer {
  const key = importSecretKey(demandSeed(secretKey));
  if (key === undefined) {
    const seed = new Uint8Array(secretKey);
    return { publicKey: publicKeyPortable(seed), sign: (message) => signPortable(message, seed) };
  }
  return {
    publicKey: nativePublicKey(key) as Uint8Array,
    sign: (message) => nativeSign(demandBytes(message, 'message'), key) as Uint8Array,
  };
}

/** A fresh key from the platform's cryptographic random source, or the key of a given 32-byte seed. */
export function generateKey(seed?: Uint8Array): Ed25519Key {
  // Copied by hand: `slice` of a Buffer is a view, and the caller may wipe its seed.
  const secretKey =
    seed === undefined ? crypto.getRandomValues(new Uint8Array(32)) : new Uint8Array(demandSeed(seed));
  return { secretKey, publicKey: publicKeyOf(secretKey) };
}

/** Public key of a 32-byte seed. */
export function publicKeyOf(secretKey: Uint8Array): Uint8Array {
  return createSigner(secretKey).publicKey;
}

/** Signs (RFC 8032, deterministic): 64 bytes. For many signatures of one key, `createSigner`. */
export function sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  return createSigner(secretKey).sign(message);
}

function bytesOf(input: unknown): Uint8Array | undefined {
  if (isBytes(input)) return input;
  const parsed = fromHex(input as string);
  return parsed.ok ? parsed.bytes : undefined;
}

/**
 * Whether the signature holds, by one rule on every machine: what native code accepts, else ZIP-215. Native code
 * accepts a subset of ZIP-215, so the verdict is that of ZIP-215 and does not depend on the platform; a refusal costs
 * the portable check (about ten times a native one). All three as bytes or hex. Never throws.
 */
export function verify(
  signature: Uint8Array | string,
  message: Uint8Array | string,
  publicKey: Uint8Array | string,
): boolean {
  const signed = bytesOf(signature);
  const content = bytesOf(message);
  const key = bytesOf(publicKey);
  if (signed?.length !== 64 || content === undefined || key?.length !== 32) return false;
  return nativeAccepts(signed, content, key) || verifyPortable(signed, content, key);
}
