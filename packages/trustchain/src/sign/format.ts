import { cidOf, decodeRecord, encodeRecord, type Schema, s, type Verdict } from '@hypermesh/core';
import type { LogProof } from '../log/proof.ts';

/** Longest bundle that is read: two signatures, a chain of eight certificates, a proof of 64 hashes. */
export const BUNDLE_MAX_BYTES: number = 256 << 10;
const STATEMENT_MAX_BYTES = 64 << 10;

/** The two public keys of a signer, Ed25519 and Falcon-1024; together they are its identity. */
export interface SignerKeys {
  readonly ed25519: Uint8Array;
  readonly falcon1024: Uint8Array;
}

/** What a signer says of some bytes. Both signatures cover its canonical form, and so both public keys. */
export interface Statement {
  readonly v: 1;
  readonly kind: 'hypermesh-statement';
  /** `digest` is SHA-256. */
  readonly subject: { readonly type: string; readonly digest: Uint8Array; readonly sizeBytes: number };
  readonly signer: SignerKeys;
  /** Unix time by the signer's own clock. */
  readonly signedAtMs: number;
  /** Up to 32 texts of the caller's, of at most 1,024 bytes. */
  readonly claims?: Readonly<Record<string, string>>;
}

/** A bundle as it lies in its bytes. `chain` (DER, leaf first) and `log` stand beside the signatures, unsigned. */
export interface Bundle {
  readonly v: 1;
  readonly kind: 'hypermesh-bundle';
  /** Canonical bytes of the statement. */
  readonly statement: Uint8Array;
  readonly ed25519: Uint8Array;
  readonly falcon1024: Uint8Array;
  readonly chain?: readonly Uint8Array[];
  readonly log?: LogProof;
}

const SIGNER: Schema<SignerKeys> = s.record({
  ed25519: s.bytes({ length: 32 }),
  falcon1024: s.bytes({ length: 1793 }),
});

const STATEMENT: Schema<Statement> = s.record({
  v: s.literal(1),
  kind: s.literal('hypermesh-statement'),
  subject: s.record({ type: s.text(128), digest: s.bytes({ length: 32 }), sizeBytes: s.uint() }),
  signer: SIGNER,
  signedAtMs: s.uint(),
  claims: s.optional(s.map(s.text(1024), 32, 64)),
});

const LOG_PROOF: Schema<LogProof> = s.record({
  checkpoint: s.text(16 << 10),
  leafIndex: s.uint(),
  hashes: s.array(s.bytes({ length: 32 }), 64),
});

const BUNDLE: Schema<Bundle> = s.record({
  v: s.literal(1),
  kind: s.literal('hypermesh-bundle'),
  statement: s.bytes({ max: STATEMENT_MAX_BYTES }),
  ed25519: s.bytes({ length: 64 }),
  falcon1024: s.bytes({ length: 1280 }),
  chain: s.optional(s.array(s.bytes({ max: 16 << 10 }), 8)),
  log: s.optional(LOG_PROOF),
});

/** Why bytes are no bundle. */
export type BundleFormatReason = 'malformed-bundle' | 'malformed-statement';

/** The id of a signer: CIDv1 (dag-cbor, sha2-256) of its two keys. */
export function signerId({ ed25519, falcon1024 }: SignerKeys): string {
  return cidOf(encodeRecord(SIGNER, { ed25519, falcon1024 }), 'dag-cbor');
}

/** The canonical bytes of a statement: what is signed. Throws `core/not-a-record` where a field is out of bounds. */
export function encodeStatement(statement: Statement): Uint8Array {
  return encodeRecord(STATEMENT, statement);
}

/** The canonical bytes of a bundle. Throws `core/not-a-record` where a field is out of bounds. */
export function encodeBundle(bundle: Bundle): Uint8Array {
  return encodeRecord(BUNDLE, bundle);
}

/** Reads a bundle and its statement; nothing in them is verified yet. Never throws. */
export function decodeBundle(
  bytes: Uint8Array,
): Verdict<{ bundle: Bundle; statement: Statement }, BundleFormatReason> {
  const bundle = decodeRecord(BUNDLE, bytes, { maxBytes: BUNDLE_MAX_BYTES, maxDepth: 8, maxItems: 256 });
  if (!bundle.ok) return { ok: false, reason: 'malformed-bundle' };
  const limits = { maxBytes: STATEMENT_MAX_BYTES, maxDepth: 8, maxItems: 256 };
  const statement = decodeRecord(STATEMENT, bundle.value.statement, limits);
  if (!statement.ok) return { ok: false, reason: 'malformed-statement' };
  return { ok: true, bundle: bundle.value, statement: statement.value };
}
