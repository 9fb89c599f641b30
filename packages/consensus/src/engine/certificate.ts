import { type ByteReader, ByteWriter } from './bytes.ts';
import type { VoteScheme } from './scheme.ts';
import { readVoteHead, VOTE_HEAD_BYTES, type VoteBody, writeVoteHead } from './vote.ts';

/**
 * A quorum of equal votes: proof to anyone who knows the validators. Exactly as many signatures as the quorum needs,
 * in ascending order of signers; on the wire the signers are a bitmap.
 */
export interface Certificate extends VoteBody {
  readonly signers: readonly number[];
  /** 64 bytes each, in the order of `signers`. */
  readonly signatures: readonly Uint8Array[];
}

/** Why bytes are no certificate, or a certificate proves nothing. */
export type CertificateReason =
  | 'truncated'
  | 'vote-head'
  | 'signer-bitmap'
  | 'signer-count'
  | 'trailing-bytes'
  | 'signature';

/** Bytes of a certificate of `count` signatures among `validators`. */
export function certificateBytes(validators: number, count: number): number {
  return VOTE_HEAD_BYTES + Math.ceil(validators / 8) + count * 64;
}

/** Writes head, bitmap of signers and signatures. */
export function writeCertificate(
  writer: ByteWriter,
  certificate: Certificate,
  validators: number,
): ByteWriter {
  const bitmap = new Uint8Array(Math.ceil(validators / 8));
  for (const signer of certificate.signers) {
    bitmap[signer >> 3] = (bitmap[signer >> 3] as number) | (1 << (signer & 7));
  }
  writeVoteHead(writer, certificate).put(bitmap);
  for (const signature of certificate.signatures) writer.put(signature);
  return writer;
}

/** Reads a certificate of exactly `quorum` signers among `validators`; the signatures are unchecked copies. */
export function readCertificate(
  reader: ByteReader,
  validators: number,
  quorum: number,
): Certificate | Exclude<CertificateReason, 'trailing-bytes' | 'signature'> {
  const head = readVoteHead(reader);
  if (reader.failed) return 'truncated';
  if (head === undefined) return 'vote-head';
  const bitmap = reader.take(Math.ceil(validators / 8));
  if (reader.failed) return 'truncated';
  const signers: number[] = [];
  for (let signer = 0; signer < bitmap.length * 8; signer += 1) {
    if (((bitmap[signer >> 3] as number) & (1 << (signer & 7))) === 0) continue;
    if (signer >= validators) return 'signer-bitmap';
    signers.push(signer);
  }
  if (signers.length !== quorum) return 'signer-count';
  const signatures = signers.map(() => new Uint8Array(reader.take(64)));
  return reader.failed ? 'truncated' : { ...head, signers, signatures };
}

/** Bytes of a certificate alone. */
export function encodeCertificate(certificate: Certificate, validators: number): Uint8Array {
  const length = certificateBytes(validators, certificate.signers.length);
  return writeCertificate(new ByteWriter(length), certificate, validators).bytes;
}

/**
 * Whether the certificate has `quorum` distinct signers and each signature holds. `isKnown` may name a signature that
 * was checked before, so that none is checked twice.
 */
export function checkCertificate(
  certificate: Certificate,
  scheme: VoteScheme,
  { quorum, isKnown }: { quorum: number; isKnown?: (signer: number, signature: Uint8Array) => boolean },
): boolean {
  const { signers, signatures } = certificate;
  if (signers.length !== quorum || signatures.length !== quorum) return false;
  for (let index = 0; index < signers.length; index += 1) {
    const signer = signers[index] as number;
    if (index > 0 && signer <= (signers[index - 1] as number)) return false;
    const signature = signatures[index] as Uint8Array;
    if (isKnown?.(signer, signature) === true) continue;
    if (!scheme.verify(certificate, signer, signature)) return false;
  }
  return true;
}
