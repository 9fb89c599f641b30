import { p256, p384, p521 } from '@noble/curves/nist.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { verifyStrictly } from '../suite/ed25519-strict.ts';
import type { PublicKeyInfo } from './key.ts';
import { type RsaHash, verifyRsa } from './rsa.ts';

const HASHES = { sha256, sha384, sha512 } as const;
const CURVES = { p256, p384, p521 } as const;
const LATTICES = { 'ml-dsa-44': ml_dsa44, 'ml-dsa-65': ml_dsa65, 'ml-dsa-87': ml_dsa87 } as const;

/** One algorithm of certificates: with which hash, where it has one, and whether RSA pads by PSS. */
export interface PortableScheme {
  readonly hash: RsaHash | null;
  readonly pss?: true;
}

/**
 * Verifies without `node:crypto`, by the noble libraries and RSA of our own; the verdicts are those of OpenSSL.
 * Throws on some bytes that are no signature or key.
 */
export function verifyPortably(
  scheme: PortableScheme,
  { kind, raw }: Pick<PublicKeyInfo, 'kind' | 'raw'>,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (kind) {
    case 'rsa':
      return (
        scheme.hash !== null &&
        verifyRsa({ hash: scheme.hash, isPss: scheme.pss === true }, raw, message, signature)
      );
    case 'p256':
    case 'p384':
    case 'p521': {
      if (scheme.hash === null) return false;
      const options = { prehash: false, format: 'der', lowS: false } as const;
      return CURVES[kind].verify(signature, HASHES[scheme.hash](message), raw, options);
    }
    case 'ed25519':
      return verifyStrictly(signature, message, raw);
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return LATTICES[kind].verify(signature, message, raw);
    case 'weak':
    case 'unknown':
      return false;
    default:
      return kind satisfies never;
  }
}
