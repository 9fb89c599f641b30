import { isBytes, type NodeId, parseNodeId, sha256, toHex } from '@hypermesh/core';
import type { Certificate } from './certificate.ts';
import { isDnsName } from './host.ts';

/** A URI name that says which node it is: `spiffe://TRUST-DOMAIN/node/NODE-ID` (the SPIFFE form). */
export function nodeUri(trustDomain: string, nodeId: NodeId): string {
  return `spiffe://${trustDomain}/node/${nodeId}`;
}

/** A URI name that says which signer of bundles it is: `spiffe://TRUST-DOMAIN/signer/SIGNER-ID`. */
export function signerUri(trustDomain: string, signerId: string): string {
  return `spiffe://${trustDomain}/signer/${signerId}`;
}

/** The node that a certificate names: its one URI name, where that has the form of `nodeUri`. */
export function nodeIn(
  certificate: Certificate,
): { readonly nodeId: NodeId; readonly trustDomain: string } | undefined {
  const uris = (certificate.subjectAltNames ?? []).flatMap((name) =>
    name.kind === 'uri' ? [name.value] : [],
  );
  const [, trustDomain, text] = /^spiffe:\/\/([^/]+)\/node\/([a-z0-9]+)$/.exec(uris[0] ?? '') ?? [];
  if (uris.length !== 1 || trustDomain === undefined || text === undefined || !isDnsName(trustDomain))
    return undefined;
  const parsed = parseNodeId(text);
  return parsed.ok ? { nodeId: parsed.id, trustDomain } : undefined;
}

/** The raw keys of a certificate: P-256 uncompressed (65 bytes), ML-DSA-65 (1,952 bytes); absent where it has others. */
export function certificateKeys(certificate: Certificate): {
  readonly p256?: Uint8Array;
  readonly mldsa65?: Uint8Array;
} {
  const { publicKey, altPublicKey } = certificate;
  return {
    ...(publicKey.kind === 'p256' && publicKey.raw.length === 65 ? { p256: publicKey.raw } : {}),
    ...(altPublicKey?.kind === 'ml-dsa-65' ? { mldsa65: altPublicKey.raw } : {}),
  };
}

/** `SHA256:` and the hex of the SHA-256 of the whole DER: what people compare, and what an invitation carries. */
export function fingerprint(certificate: Certificate | Uint8Array): string {
  return `SHA256:${toHex(sha256(isBytes(certificate) ? certificate : certificate.der))}`;
}
