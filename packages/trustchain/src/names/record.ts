import {
  decodeRecord,
  domainMessage,
  encodeRecord,
  type Infer,
  type NodeId,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import type { Ed25519Signer } from '@hypermesh/core/ed25519';
import { badArgument } from '../errors.ts';

const NAME_DOMAIN = 'hypermesh/trustchain/name/v1';
/** Largest signed name record, bytes. */
export const NAME_MAX_BYTES = 4_096;
/** Longest time from a record's beginning to its end, milliseconds: 400 days. */
export const NAME_MAX_LIFETIME_MS: number = 400 * 86_400_000;

const nameSchema = record({
  v: s.literal(1),
  kind: s.literal('hypermesh-name'),
  /** Fingerprint of the root certificate of the mesh that the name belongs to. */
  mesh: s.text(96),
  name: s.text(63),
  target: record({
    /** Nodes that serve it, the preferred one first. */
    nodes: s.array(s.cid<NodeId>({ codec: 'dag-cbor', hash: 'sha2-256' }), 16),
    /** Path of its page on them. */
    page: s.text(256),
  }),
  /** Grows with every record of the name: an older one is refused by whoever saw a newer one. */
  sequence: s.uint(),
  notBeforeMs: s.uint(),
  notAfterMs: s.uint(),
  /** Ed25519 key that signs it. */
  owner: s.bytes({ length: 32 }),
});

const signedSchema = record({ record: s.bytes({ max: 2_048 }), signature: s.bytes({ length: 64 }) });

/** What a name of a mesh means, for how long, and by whose word. Times are Unix milliseconds. */
export type NameRecord = Infer<typeof nameSchema>;

/** Why bytes are no name record. */
export type NameFormatReason = 'malformed' | 'bad-name' | 'bad-page' | 'bad-period';

/** A label as DNS has it, in lower case: letters, digits and inner hyphens, 1 to 63, beginning with a letter. */
const LABEL = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const PAGE = /^\/[\x21-\x7e]*$/;

/** Whether a text can be a name. */
export function isName(text: string): boolean {
  return LABEL.test(text);
}

function formatReason(value: NameRecord): NameFormatReason | undefined {
  if (!isName(value.name)) return 'bad-name';
  if (!PAGE.test(value.target.page)) return 'bad-page';
  const lifetimeMs = value.notAfterMs - value.notBeforeMs;
  return lifetimeMs > 0 && lifetimeMs <= NAME_MAX_LIFETIME_MS ? undefined : 'bad-period';
}

/** The bytes that the owner signs. */
export const nameMessage = (bytes: Uint8Array): Uint8Array => domainMessage(NAME_DOMAIN, bytes);

/** Signs a name as its owner: canonical bytes with an Ed25519 signature. Throws `trustchain/bad-argument` for what would not decode. */
export async function signName(
  value: Omit<NameRecord, 'v' | 'kind' | 'owner'>,
  signer: Ed25519Signer,
): Promise<Uint8Array> {
  const whole: NameRecord = { ...value, v: 1, kind: 'hypermesh-name', owner: signer.publicKey };
  const reason = formatReason(whole);
  if (reason !== undefined) throw badArgument('name', `a sound record, not ${reason}`);
  const bytes = encodeRecord(nameSchema, whole);
  return encodeRecord(signedSchema, { record: bytes, signature: await signer.sign(nameMessage(bytes)) });
}

/** A name record as it stands, its signature unchecked. */
export interface DecodedName {
  readonly record: NameRecord;
  /** The bytes that are signed. */
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** Reads a signed name from anybody: at most 4 KiB, strict; says nothing about who signed it. */
export function decodeName(signed: Uint8Array): Verdict<DecodedName, NameFormatReason> {
  const outer = decodeRecord(signedSchema, signed, { maxBytes: NAME_MAX_BYTES, maxDepth: 2, maxItems: 8 });
  if (!outer.ok) return { ok: false, reason: 'malformed' };
  const { record: bytes, signature } = outer.value;
  const inner = decodeRecord(nameSchema, bytes, { maxBytes: 2_048, maxDepth: 4, maxItems: 64 });
  if (!inner.ok) return { ok: false, reason: 'malformed' };
  const reason = formatReason(inner.value);
  return reason === undefined ? { ok: true, record: inner.value, bytes, signature } : { ok: false, reason };
}
