import {
  checkRecord,
  type DecodeReason,
  decodeRecord,
  encodeRecord,
  type Infer,
  s,
  type Verdict,
} from '@hypermesh/core';
import { headerSchema } from '../engine/block.ts';

/** Most headers between a block and the certified one after it that a proof may hold. */
const MAX_DESCENDANTS = 256;
const MAX_PROOF_BYTES = 256 * 1024;

const certificateSchema = s.record({
  view: s.uint(),
  signers: s.array(s.uint(0xffff), 256),
  signatures: s.array(s.bytes({ length: 64 }), 256),
});

const inclusionSchema = s.record({
  txIndex: s.uint(),
  txCount: s.uint(),
  leafHash: s.bytes({ length: 32 }),
  path: s.array(s.bytes({ length: 32 }), 40),
});

const finalityProofSchema = s.record({
  v: s.literal(1),
  header: headerSchema,
  descendants: s.array(headerSchema, MAX_DESCENDANTS),
  certificate: certificateSchema,
  inclusion: s.optional(inclusionSchema),
});

/**
 * What the user of a ledger keeps: `header` is final because a quorum of validators signed `certificate` over it or
 * over the last of its `descendants`, which lead from the header to the block that the validators signed (empty in
 * most cases). `inclusion` shows that a transaction stands in the block: its RFC 6962 leaf hash, index and path.
 */
export type FinalityProof = Infer<typeof finalityProofSchema>;

/** Canonical bytes of a proof: 600 bytes and 64 for each signer, path hashes apart. */
export function encodeFinalityProof(proof: FinalityProof): Uint8Array {
  return encodeRecord(finalityProofSchema, proof);
}

/** A proof from untrusted bytes; that it decodes says nothing yet. */
export function decodeFinalityProof(bytes: Uint8Array): Verdict<{ proof: FinalityProof }, DecodeReason> {
  const decoded = decodeRecord(finalityProofSchema, bytes, {
    maxBytes: MAX_PROOF_BYTES,
    maxDepth: 4,
    maxItems: 8_192,
  });
  return decoded.ok ? { ok: true, proof: decoded.value } : { ok: false, reason: decoded.reason };
}

/** Whether a value has the shape of a proof, as far as a schema can say. */
export function isFinalityProof(value: unknown): value is FinalityProof {
  return checkRecord(finalityProofSchema, value).ok;
}
