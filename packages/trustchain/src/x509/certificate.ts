import { equalBytes, isBytes } from '@hypermesh/core';
import { type DecodeReason, decoding, Malformed } from './der/malformed.ts';
import { DerReader } from './der/reader.ts';
import { type Extension, type KnownExtensions, readExtensions, readKnownExtensions } from './extensions.ts';
import { type AlgorithmIdentifier, type PublicKeyInfo, readAlgorithm, readPublicKey } from './key.ts';
import { type DistinguishedName, readName } from './name.ts';
import { readPem } from './pem.ts';

/**
 * An X.509 certificate, decoded once; byte fields are views into `der`, a copy of
 * what was decoded. `version` is 1 to 3,
 * `serial` the content of its INTEGER, times are Unix milliseconds.
 */
export interface Certificate extends Readonly<KnownExtensions> {
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  readonly version: number;
  readonly serial: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: PublicKeyInfo;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** PEM text (every CERTIFICATE block in it), DER bytes, or a decoded certificate (the fastest: decoded once). */
export type CertificateSource = string | Uint8Array | Certificate;

export type CertificateVerdict =
  | { readonly ok: true; readonly certificate: Certificate }
  | { readonly ok: false; readonly reason: DecodeReason; readonly detail: string };

/** Longest DER of one certificate that is read. */
export const MAX_CERTIFICATE_BYTES: number = 128 * 1024;

/**
 * Decodes one certificate from DER, or the first CERTIFICATE block of a PEM text: strict DER, at most 128 KiB, no
 * extension twice, both signature algorithms alike. Says nothing about trust.
 */
export function decodeCertificate(source: string | Uint8Array): CertificateVerdict {
  return decoding(() => {
    const [der] = typeof source === 'string' ? readPem(source, 'CERTIFICATE') : [source];
    if (!isBytes(der)) throw new Malformed('not-pem', 'no certificate block');
    return { certificate: certificateFromDer(der) };
  });
}

/** Decodes DER; throws `Malformed`. Keeps a copy, since the caller may use its buffer again. */
export function certificateFromDer(source: Uint8Array): Certificate {
  if (source.length > MAX_CERTIFICATE_BYTES)
    throw new Malformed('too-large', `a certificate of ${source.length} bytes`);
  const der = new Uint8Array(source);
  const reader = new DerReader(der);
  const outer = reader.sequence('certificate');
  reader.finish('certificate');
  const tbsStart = outer.at;
  const tbs = outer.sequence('tbsCertificate');
  const tbsBytes = outer.since(tbsStart);
  const signatureAlgorithm = readAlgorithm(outer, 'signatureAlgorithm');
  const signature = outer.octetBits('signature value');
  outer.finish('certificate');
  return { der, tbs: tbsBytes, ...readTbs(tbs, signatureAlgorithm), signatureAlgorithm, signature };
}

function readTbs(tbs: DerReader, outer: AlgorithmIdentifier) {
  const version = readVersion(tbs);
  const serial = tbs.integer('serial number');
  const inner = readAlgorithm(tbs, 'signature');
  if (!equalBytes(inner.der, outer.der)) {
    throw new Malformed(
      'signature-algorithm-mismatch',
      'the signed and the unsigned signature algorithm differ',
    );
  }
  const issuer = readName(tbs, 'issuer');
  const validity = tbs.sequence('validity');
  const notBeforeMs = validity.time('notBefore');
  const notAfterMs = validity.time('notAfter');
  validity.finish('validity');
  const subject = readName(tbs, 'subject');
  const publicKey = readPublicKey(tbs, 'subject public key');
  if (version > 1) {
    for (const tag of [0x81, 0x82]) if (tbs.peek() === tag) tbs.bits('unique identifier', tag);
  }
  let extensions: ReadonlyMap<string, Extension> = new Map();
  if (version === 3 && tbs.peek() === 0xa3) {
    const explicit = tbs.enter(0xa3, 'extensions');
    extensions = readExtensions(explicit, 'extensions');
    explicit.finish('extensions');
  } else if (tbs.peek() === 0xa3) throw new Malformed('bad-version', `extensions in version ${version}`);
  tbs.finish('tbsCertificate');
  return {
    ...readKnownExtensions(extensions),
    version,
    serial,
    issuer,
    subject,
    notBeforeMs,
    notAfterMs,
    publicKey,
    extensions,
  };
}

function readVersion(tbs: DerReader): number {
  const explicit = tbs.optional(0xa0, 'version');
  if (explicit === undefined) return 1;
  const version = explicit.uint('version', 2) + 1;
  explicit.finish('version');
  if (version === 1) throw new Malformed('der-value', 'version: the default is not written');
  return version;
}
