import { sha256 as portableSha256, sha512 as portableSha512 } from '@noble/hashes/sha2.js';
import { demandBytes } from './bytes.ts';
import { nodeCrypto } from './native.ts';

interface PortableHash {
  (bytes: Uint8Array): Uint8Array;
  create(): { update(bytes: Uint8Array): unknown; digest(): Uint8Array };
}

function native(
  algorithm: string,
  parts: readonly Uint8Array[],
  crypto: typeof import('node:crypto'),
): Uint8Array {
  if (parts.length === 1) return new Uint8Array(crypto.hash(algorithm, parts[0] as Uint8Array, 'buffer'));
  const hash = crypto.createHash(algorithm);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

function portable(algorithm: PortableHash, parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return algorithm(parts[0] as Uint8Array);
  const hash = algorithm.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Native code would take a text and hash its UTF-8; the portable code would not. */
function checked(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  for (const part of parts) demandBytes(part, 'part');
  return parts;
}

/** SHA-256 (FIPS 180-4) over the concatenation of the parts, without joining them: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return nodeCrypto ? native('sha256', checked(parts), nodeCrypto) : portable(portableSha256, checked(parts));
}

/** SHA-512 (FIPS 180-4) over the concatenation of the parts, without joining them: 64 bytes. */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return nodeCrypto ? native('sha512', checked(parts), nodeCrypto) : portable(portableSha512, checked(parts));
}
