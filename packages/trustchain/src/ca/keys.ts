import type { Random } from '@hypermesh/core';
import { suiteFor } from '../suite/registry.ts';
import type { KeyPair } from '../suite/suite.ts';

/** The two keys of a certificate: P-256 for everybody, ML-DSA-65 as the alternative one. Forms as in `suiteFor`. */
export interface CertificateKeys {
  readonly p256: KeyPair;
  readonly mldsa65: KeyPair;
}

/** The public half: P-256 uncompressed (65 bytes) and ML-DSA-65 (1,952 bytes). */
export interface CertificatePublicKeys {
  readonly p256: Uint8Array;
  readonly mldsa65: Uint8Array;
}

/** Fresh keys, from the platform's randomness or from 64 bytes of `random`. */
export async function generateCertificateKeys(random?: Random): Promise<CertificateKeys> {
  const [p256, mldsa65] = await Promise.all([
    suiteFor('p256').generate(random?.bytes(32)),
    suiteFor('ml-dsa-65').generate(random?.bytes(32)),
  ]);
  return { p256, mldsa65 };
}

/** The public half of a pair of keys. */
export function publicKeysOf(keys: CertificateKeys): CertificatePublicKeys {
  return { p256: keys.p256.publicKey, mldsa65: keys.mldsa65.publicKey };
}
