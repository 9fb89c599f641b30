import {
  type CanonicalValue,
  type ChainId,
  cidOf,
  decodeCanonical,
  decodeRecord,
  encodeCanonical,
  fromHex,
  type OperationId,
  type Schema,
  s,
  type Verdict,
} from '@hypermesh/core';
import { fitsIn } from './bounded.ts';
import { ConsensusError } from './errors.ts';

const MAX_BODY_BYTES = 40_960;
const MAX_BYTES = MAX_BODY_BYTES + 512;
const KIND = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/;

/** What an operation asks of its proof beyond the profile: minima that may only raise it. Zeros ask for nothing. */
export interface OperationNeeds {
  readonly spaceBytes: bigint;
  readonly power: bigint;
  /** Leading zero bits of the puzzle, at most 32. */
  readonly workBits: number;
}

interface OperationHead {
  readonly v: 1;
  /** Bytes of the chain id, 32. */
  readonly chain: Uint8Array;
  /** Lower-case words with dots between, such as `asset.register`. */
  readonly kind: string;
  /** Ed25519 key that signs the proof, 32 bytes. */
  readonly actor: Uint8Array;
  readonly sequence: number;
  readonly needs: OperationNeeds;
}

/**
 * An operation on the ledger. `sequence` counts the actor's operations from 1 without gaps; `body` is at most 40 KiB
 * when encoded.
 */
export interface Operation extends OperationHead {
  readonly body: CanonicalValue;
}

const headSchema: Schema<OperationHead> = s.record({
  v: s.literal(1),
  chain: s.bytes({ length: 32 }),
  kind: s.text(64),
  actor: s.bytes({ length: 32 }),
  sequence: s.uint(),
  needs: s.record({ spaceBytes: s.bigint(), power: s.bigint(), workBits: s.uint(32) }),
});

export type OperationReason = 'malformed' | 'too-large' | 'bad-kind' | 'bad-sequence';

/** Decodes an operation; `id` is the CID of exactly these bytes. */
export function decodeOperation(
  bytes: Uint8Array,
): Verdict<{ operation: Operation; id: OperationId }, OperationReason> {
  if (!(bytes instanceof Uint8Array)) return { ok: false, reason: 'malformed' };
  if (bytes.length > MAX_BYTES) return { ok: false, reason: 'too-large' };
  const decoded = decodeCanonical(bytes, { maxBytes: MAX_BYTES, maxDepth: 32, maxItems: 8192 });
  if (!decoded.ok) return { ok: false, reason: 'malformed' };
  const { value } = decoded;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'body')) {
    return { ok: false, reason: 'malformed' };
  }
  const { body, ...rest } = value as { readonly body: CanonicalValue };
  const head = decodeRecord(headSchema, encodeCanonical(rest));
  if (!head.ok) return { ok: false, reason: 'malformed' };
  if (encodeCanonical(body).length > MAX_BODY_BYTES) return { ok: false, reason: 'too-large' };
  if (!KIND.test(head.value.kind)) return { ok: false, reason: 'bad-kind' };
  if (head.value.sequence < 1) return { ok: false, reason: 'bad-sequence' };
  return {
    ok: true,
    operation: { ...head.value, body },
    id: cidOf(bytes, 'dag-cbor') as OperationId,
  };
}

/** Canonical bytes of an operation. Throws for what is none: use `checkOperation` for values from outside. */
export function encodeOperation(operation: Operation): Uint8Array {
  return encodeCanonical(operation);
}

/** An operation given as a value or as bytes: decoded from its canonical bytes either way, so that both mean the same. */
export function checkOperation(
  operation: unknown,
): Verdict<{ operation: Operation; bytes: Uint8Array; id: OperationId }, OperationReason> {
  try {
    const isBytes = operation instanceof Uint8Array;
    if (isBytes ? operation.length > MAX_BYTES : !fitsIn(operation, MAX_BYTES)) {
      return { ok: false, reason: 'too-large' };
    }
    // A copy: what is decoded, named and bound must stay the same bytes.
    const bytes = isBytes ? new Uint8Array(operation) : encodeCanonical(operation);
    const decoded = decodeOperation(bytes);
    return decoded.ok ? { ...decoded, bytes } : decoded;
  } catch {
    // The value has no canonical form (the encoder reports that by throwing), or a proxy of it throws.
    return { ok: false, reason: 'malformed' };
  }
}

/** Id of an operation: CIDv1 (dag-cbor, sha2-256) of its canonical bytes. */
export function operationIdOf(operation: Operation): OperationId {
  return cidOf(encodeOperation(operation), 'dag-cbor') as OperationId;
}

/** Bytes of a chain id; throws `consensus/bad-argument` where the text is none. */
export function chainBytes(chainId: ChainId): Uint8Array {
  const parsed = fromHex(chainId);
  if (parsed.ok && parsed.bytes.length === 32) return parsed.bytes;
  throw new ConsensusError(
    { code: 'consensus/bad-argument', argument: 'chainId', expected: '64 hex digits' },
    'chainId must be 64 hex digits',
  );
}

/** Makes an operation; throws `consensus/bad-argument` where it would not decode again. */
export function createOperation(input: {
  readonly chainId: ChainId;
  readonly kind: string;
  readonly actor: Uint8Array;
  readonly sequence: number;
  readonly body: CanonicalValue;
  readonly needs?: Partial<OperationNeeds>;
}): Operation {
  const { chainId, kind, actor, sequence, body, needs } = input;
  const checked = checkOperation({
    v: 1,
    chain: chainBytes(chainId),
    kind,
    actor,
    sequence,
    needs: { spaceBytes: 0n, power: 0n, workBits: 0, ...needs },
    body,
  });
  if (checked.ok) return checked.operation;
  throw new ConsensusError(
    {
      code: 'consensus/bad-argument',
      argument: 'operation',
      expected: `a sound operation, not ${checked.reason}`,
    },
    `this is no operation: ${checked.reason}`,
  );
}
