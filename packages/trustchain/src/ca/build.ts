import { suiteFor } from '../suite/registry.ts';
import { bitString, integer, sequence, time, tlv } from '../x509/der/writer.ts';
import { alternativeKey, alternativeSignature, ecdsaWithSha256, p256Info } from './encode.ts';
import type { CertificateKeys, CertificatePublicKeys } from './keys.ts';

/** The fields of a certificate to be signed; names as DER, times in Unix milliseconds. */
export interface CertificateFields {
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKeys: CertificatePublicKeys;
  readonly extensions: readonly Uint8Array[];
}

/**
 * Builds and signs an X.509 v3 certificate, DER. The issuer's ML-DSA-65 key signs first, over everything but its own
 * value and the classical algorithm; the P-256 key then signs the whole, so that it covers both.
 */
export async function buildCertificate(
  fields: CertificateFields,
  issuerKeys: CertificateKeys,
): Promise<Uint8Array> {
  const extensions = [...fields.extensions, ...alternativeKey(fields.publicKeys)];
  const head = [tlv(0xa0, integer(2)), integer(fields.serial)];
  const body = [
    fields.issuer,
    sequence(time(fields.notBeforeMs), time(fields.notAfterMs)),
    fields.subject,
    p256Info(fields.publicKeys.p256),
  ];
  const explicit = (items: readonly Uint8Array[]) => tlv(0xa3, sequence(...items));
  const preTbs = sequence(...head, ...body, explicit(extensions));
  const alternative = await suiteFor('ml-dsa-65').sign(preTbs, issuerKeys.mldsa65.secretKey);
  const tbs = sequence(
    ...head,
    ecdsaWithSha256,
    ...body,
    explicit([...extensions, alternativeSignature(alternative)]),
  );
  return signed(tbs, issuerKeys);
}

/** A signed structure of X.509: what is to be signed, the algorithm, the signature. */
export async function signed(tbs: Uint8Array, issuerKeys: CertificateKeys): Promise<Uint8Array> {
  const signature = await suiteFor('p256').sign(tbs, issuerKeys.p256.secretKey);
  return sequence(tbs, ecdsaWithSha256, bitString(signature));
}
