import { sha256 } from '@hypermesh/core';
import {
  ascii,
  bitString,
  boolean,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  tlv,
  utf8String,
} from '../x509/der/writer.ts';
import { Oid } from '../x509/oids.ts';
import type { CertificatePublicKeys } from './keys.ts';

/** AlgorithmIdentifier of the classical signature (RFC 5758). */
export const ecdsaWithSha256: Uint8Array = sequence(oid(Oid.ecdsaWithSha256));
/** AlgorithmIdentifier of ML-DSA-65, for keys and signatures alike (RFC 9881). */
const mlDsa65: Uint8Array = sequence(oid(Oid.mlDsa65));

/** A Name: organisation first, common name last, as UTF-8 strings. */
export function distinguishedName(name: {
  readonly commonName: string;
  readonly organization?: string;
}): Uint8Array {
  const rdn = (type: string, value: string) => setOf(sequence(oid(type), utf8String(value)));
  const { commonName, organization } = name;
  return sequence(
    ...(organization === undefined ? [] : [rdn(Oid.organizationName, organization)]),
    rdn(Oid.commonName, commonName),
  );
}

/** SubjectPublicKeyInfo of an uncompressed P-256 point (RFC 5480). */
export function p256Info(point: Uint8Array): Uint8Array {
  return sequence(sequence(oid(Oid.ecPublicKey), oid(Oid.p256)), bitString(point));
}

/** A key identifier: the first 160 bits of the SHA-256 of the key (RFC 7093 §2, method 1). */
export function keyIdentifier(point: Uint8Array): Uint8Array {
  return sha256(point).slice(0, 20);
}

function extension(type: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(value));
}

/** Critical, as RFC 5280 §4.2.1.9 wants it of a CA. */
export const basicConstraints = (ca: boolean, pathLength?: number): Uint8Array =>
  extension(
    Oid.basicConstraints,
    true,
    sequence(...(ca ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])),
  );

/** From a mask of `KeyUsage` bits of which none is above cRLSign. */
export function keyUsage(mask: number): Uint8Array {
  let octet = 0;
  let unused = 7;
  for (let bit = 0; bit < 8; bit++) {
    if ((mask & (1 << bit)) === 0) continue;
    octet |= 0x80 >> bit;
    unused = 7 - bit;
  }
  return extension(Oid.keyUsage, true, bitString(Uint8Array.of(octet), unused));
}

/** Purposes by OID (RFC 5280 §4.2.1.12). */
export const extendedKeyUsage = (...purposes: readonly string[]): Uint8Array =>
  extension(Oid.extendedKeyUsage, false, sequence(...purposes.map(oid)));

/** RFC 5280 §4.2.1.2. */
export const subjectKeyIdentifier = (keyId: Uint8Array): Uint8Array =>
  extension(Oid.subjectKeyIdentifier, false, octetString(keyId));

/** The key identifier of the issuer, alone (RFC 5280 §4.2.1.1). */
export const authorityKeyIdentifier = (keyId: Uint8Array): Uint8Array =>
  extension(Oid.authorityKeyIdentifier, false, sequence(tlv(0x80, keyId)));

/** Names of a certificate; addresses as octets. */
export interface AlternativeNames {
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly Uint8Array[];
}

/** URIs, then DNS names, then addresses; not critical, since the subject is never empty. */
export function subjectAltName({ uris = [], dnsNames = [], addresses = [] }: AlternativeNames): Uint8Array {
  return extension(
    Oid.subjectAltName,
    false,
    sequence(
      ...uris.map((uri) => tlv(0x86, ascii(uri))),
      ...dnsNames.map((name) => tlv(0x82, ascii(name))),
      ...addresses.map((octets) => tlv(0x87, octets)),
    ),
  );
}

/** Permits URI names on `uriHost` alone, and DNS names under `dnsDomains` alone where there are any. */
export function nameConstraints(uriHost: string, dnsDomains: readonly string[]): Uint8Array {
  const subtrees = [tlv(0x86, ascii(uriHost)), ...dnsDomains.map((domain) => tlv(0x82, ascii(domain)))];
  return extension(Oid.nameConstraints, true, sequence(tlv(0xa0, ...subtrees.map((name) => sequence(name)))));
}

/** The subject's alternative key and the algorithm of the alternative signature (X.509 (2019) §9.8.2 and §9.8.3). */
export function alternativeKey(keys: CertificatePublicKeys): readonly Uint8Array[] {
  return [
    extension(Oid.subjectAltPublicKeyInfo, false, sequence(mlDsa65, bitString(keys.mldsa65))),
    extension(Oid.altSignatureAlgorithm, false, mlDsa65),
  ];
}

/** X.509 (2019) §9.8.4. */
export const alternativeSignature = (signature: Uint8Array): Uint8Array =>
  extension(Oid.altSignatureValue, false, bitString(signature));

/** RFC 5280 §5.2.3. */
export const crlNumber = (number: bigint): Uint8Array => extension(Oid.crlNumber, false, integer(number));

/** RFC 5280 §5.3.1; unspecified (0) is not written. */
export const reasonCode = (reason: number): Uint8Array =>
  extension(Oid.reasonCode, false, tlv(0x0a, Uint8Array.of(reason)));
