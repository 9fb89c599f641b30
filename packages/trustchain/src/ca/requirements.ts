import { equalBytes, isBytes, type Random } from '@hypermesh/core';
import { badArgument } from '../errors.ts';
import { requireBytes } from '../suite/input.ts';
import { suiteFor } from '../suite/registry.ts';
import { type Certificate, type CertificateSource, decodeCertificate } from '../x509/certificate.ts';
import { isDnsName, readAddress } from '../x509/host.ts';
import { certificateKeys } from '../x509/identity.ts';
import type { CertificateKeys, CertificatePublicKeys } from './keys.ts';

/** 127 bits of randomness, the first octet neither zero nor negative (RFC 5280 §4.1.2.2, CA/B Forum BR 7.1). */
const SERIAL_BYTES = 16;
const MINUTE_MS = 60_000;
const LONGEST_MS = 1000 * 365 * 24 * 60 * MINUTE_MS;

/** A serial number that no other certificate has. */
export function newSerial(random: Random): Uint8Array {
  const serial = random.bytes(SERIAL_BYTES);
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  return serial;
}

/** A decoded certificate, or `trustchain/bad-argument`. */
export function requireCertificate(source: CertificateSource): Certificate {
  if (typeof source === 'object' && source !== null && !isBytes(source)) return source;
  const decoded = decodeCertificate(source);
  if (!decoded.ok) throw badArgument('chain', `made of certificates: ${decoded.detail}`);
  return decoded.certificate;
}

/** That a certificate is a CA's and holds exactly these keys; compares public halves of the secret ones. */
export async function requireOwnKeys(own: Certificate, keys: CertificateKeys): Promise<void> {
  const named = certificateKeys(own);
  const [p256, mldsa65] = await Promise.all([
    suiteFor('p256').publicKeyOf(keys.p256.secretKey),
    suiteFor('ml-dsa-65').publicKeyOf(keys.mldsa65.secretKey),
  ]);
  const areOwn =
    named.p256 !== undefined &&
    named.mldsa65 !== undefined &&
    equalBytes(named.p256, p256) &&
    equalBytes(named.mldsa65, mldsa65);
  if (!areOwn) throw badArgument('keys', 'the keys of the first certificate of the chain');
  if (own.basicConstraints?.ca !== true || own.subjectKeyId === undefined) {
    throw badArgument('chain', 'led by a CA certificate with a key identifier');
  }
}

/** That keys to be certified have the sizes of their kinds. */
export function requirePublicKeys(keys: CertificatePublicKeys): void {
  const p256 = requireBytes('publicKeys.p256', keys?.p256, 65);
  if (p256[0] !== 4) throw badArgument('publicKeys.p256', 'an uncompressed point');
  requireBytes('publicKeys.mldsa65', keys?.mldsa65, 1952);
}

/** A name of 1 to 64 characters, the upper bound of X.520. */
export function requireCommonName(text: string): string {
  const isName = typeof text === 'string' && text.isWellFormed() && text.length >= 1 && text.length <= 64;
  if (!isName) throw badArgument('commonName', '1 to 64 characters');
  return text;
}

/** That a name is a DNS name without a wildcard. */
export function requireDomain(argument: string, name: string): void {
  if (!isDnsName(name)) throw badArgument(argument, 'a DNS name');
}

/** The octets of an address literal. */
export function requireAddress(text: string): Uint8Array {
  const octets = readAddress(text);
  if (octets === undefined) throw badArgument('addresses', 'an IPv6 or IPv4 literal');
  return octets;
}

/** A lifetime that ends before the years that certificates can write. */
export function requireLifetime(ms: number): number {
  if (!(ms >= MINUTE_MS && ms <= LONGEST_MS)) throw badArgument('lifetimeMs', 'a minute to a thousand years');
  return ms;
}
