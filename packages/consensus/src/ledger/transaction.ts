import { decodeRecord, encodeRecord, type OperationId, type Schema, s, type Verdict } from '@hypermesh/core';
import { decodeOperation, encodeOperation, type Operation } from '../operation.ts';
import { type ConsensusProof, encodeProof, MAX_PROOF_BYTES } from '../proof.ts';

/** Largest transaction: what an engine with its own default takes. */
const MAX_TRANSACTION_BYTES = 65_536;

interface Encoded {
  readonly v: 1;
  readonly operation: Uint8Array;
  readonly proof: Uint8Array;
}

const schema: Schema<Encoded> = s.record({
  v: s.literal(1),
  operation: s.bytes({ max: MAX_TRANSACTION_BYTES }),
  proof: s.bytes({ max: MAX_PROOF_BYTES }),
});

export type TransactionReason = 'malformed' | 'too-large';

/** What the engine orders: an operation and its proof, each in its own canonical bytes. */
export function encodeTransaction(transaction: {
  readonly operation: Operation;
  readonly proof: ConsensusProof;
}): Uint8Array {
  return encodeRecord(schema, {
    v: 1,
    operation: encodeOperation(transaction.operation),
    proof: encodeProof(transaction.proof),
  });
}

/** Decodes a transaction and its operation; the proof stays as bytes, for those who check it. */
export function decodeTransaction(
  bytes: Uint8Array,
): Verdict<{ operation: Operation; id: OperationId; encoded: Encoded }, TransactionReason> {
  if (!(bytes instanceof Uint8Array)) return { ok: false, reason: 'malformed' };
  if (bytes.length > MAX_TRANSACTION_BYTES) return { ok: false, reason: 'too-large' };
  const decoded = decodeRecord(schema, bytes, { maxBytes: MAX_TRANSACTION_BYTES, maxDepth: 2, maxItems: 16 });
  if (!decoded.ok) return { ok: false, reason: 'malformed' };
  const operation = decodeOperation(decoded.value.operation);
  if (!operation.ok) return { ok: false, reason: 'malformed' };
  return { ...operation, encoded: decoded.value };
}
