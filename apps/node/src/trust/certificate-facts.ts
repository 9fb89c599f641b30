import { type NodeId, toHex } from '@hypermesh/core';
import { type Certificate, fingerprint, nameText, nodeIn } from '@hypermesh/trustchain/x509';

/** A certificate in plain words. Times are Unix milliseconds. */
export interface CertificateFacts {
  readonly subject: string;
  /** Hex. */
  readonly serial: string;
  readonly fingerprint: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Algorithm of its key, and of the post-quantum one beside it. */
  readonly key: string;
  readonly alternativeKey: string | null;
  /** Object identifiers of what signed it. */
  readonly signature: string;
  readonly alternativeSignature: string | null;
  readonly nodeId: NodeId | null;
}

/** Describes a certificate; says nothing about trust. */
export function describeCertificate(certificate: Certificate): CertificateFacts {
  const { subject, serial, notBeforeMs, notAfterMs, publicKey, altPublicKey } = certificate;
  const { signatureAlgorithm, altSignatureAlgorithm } = certificate;
  return {
    subject: nameText(subject).slice(0, 512),
    serial: toHex(serial),
    fingerprint: fingerprint(certificate),
    notBeforeMs,
    notAfterMs,
    key: publicKey.kind,
    alternativeKey: altPublicKey?.kind ?? null,
    signature: algorithmName(signatureAlgorithm.oid),
    alternativeSignature:
      altSignatureAlgorithm === undefined ? null : algorithmName(altSignatureAlgorithm.oid),
    nodeId: nodeIn(certificate)?.nodeId ?? null,
  };
}

const names: Readonly<Record<string, string>> = {
  '1.2.840.10045.4.3.2': 'ECDSA with SHA-256',
  '1.2.840.10045.4.3.3': 'ECDSA with SHA-384',
  '1.2.840.10045.4.3.4': 'ECDSA with SHA-512',
  '1.3.101.112': 'Ed25519',
  '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
  '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
  '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
};

const algorithmName = (oid: string): string => names[oid] ?? oid;
