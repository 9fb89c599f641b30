import {
  type ContentRoot,
  decodeRecord,
  domainMessage,
  encodeRecord,
  type Infer,
  type NodeId,
  nodeIdOf,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { verify } from '@hypermesh/core/ed25519';
import { isPackageName } from '../document/names.ts';
import { PACKAGE_TYPES } from '../document/package.ts';
import type { Artifacts } from '../ports.ts';
import { isRange, isVersion } from '../solver/versions.ts';

const root = s.cid<ContentRoot>({ codec: 'dag-cbor', hash: 'blake3-256' });

const bodySchema = record({
  v: s.literal(1),
  name: s.text(214),
  version: s.text(64),
  type: s.text(64),
  description: s.text(1024),
  tags: s.array(s.text(64), 32),
  /** Counts this publisher's index records from 1 without gaps. */
  sequence: s.uint(),
  /** CID of the package record, sha2-256. */
  digest: s.cid({ codec: 'dag-cbor', hash: 'sha2-256' }),
  /** Content root of the package record's bytes. */
  record: root,
  /** Content roots of the bundles under it: the publisher's first, then those of further signers. */
  bundles: s.array(root, 16),
  /** Content root of the package's files. */
  content: root,
  bytes: s.uint(),
  dependencies: s.array(record({ name: s.text(214), range: s.text(256), optional: s.bool() }), 256),
  publishedMs: s.uint(),
});

const signedSchema = record({
  body: s.bytes({ max: 28_672 }),
  key: s.bytes({ length: 32 }),
  signature: s.bytes({ length: 64 }),
});

/** Largest signed index record: bytes. */
export const MAX_INDEX_RECORD_BYTES = 30_720;

const domain = 'hypermesh/catalog/index-record/v1';

/** What the index says of one version of a package. Signed by its publisher, sequenced, small. */
export type IndexRecord = Infer<typeof bodySchema>;

/** Why an index record is not believed. Closed. */
export type IndexRecordReason = 'malformed' | 'bad-name' | 'bad-version' | 'bad-signature';

/** Encodes a record and has it endorsed by this node. Throws `core/not-a-record` for what does not fit the schema. */
export async function signIndexRecord(body: IndexRecord, artifacts: Artifacts): Promise<Uint8Array> {
  const bytes = encodeRecord(bodySchema, body);
  const key = artifacts.self.publicKey;
  const signature = await artifacts.endorse(domainMessage(domain, bytes));
  return encodeRecord(signedSchema, { body: bytes, key, signature });
}

/** Reads a signed index record from anybody. `publisher` is the node whose key signed it, which the caller compares with the owner. */
export function openIndexRecord(
  bytes: Uint8Array,
): Verdict<{ readonly record: IndexRecord; readonly publisher: NodeId }, IndexRecordReason> {
  const signed = decodeRecord(signedSchema, bytes, { maxBytes: MAX_INDEX_RECORD_BYTES });
  if (!signed.ok) return { ok: false, reason: 'malformed' };
  const { body, key, signature } = signed.value;
  const decoded = decodeRecord(bodySchema, body, { maxBytes: MAX_INDEX_RECORD_BYTES });
  if (!decoded.ok) return { ok: false, reason: 'malformed' };
  const { name, version, type, sequence, dependencies, bundles } = decoded.value;
  if (!isPackageName(name)) return { ok: false, reason: 'bad-name' };
  if (!isVersion(version)) return { ok: false, reason: 'bad-version' };
  const isSound =
    sequence > 0 &&
    bundles.length > 0 &&
    PACKAGE_TYPES.some((known) => known === type) &&
    dependencies.every((each) => isPackageName(each.name) && isRange(each.range));
  if (!isSound) return { ok: false, reason: 'malformed' };
  if (!verify(signature, domainMessage(domain, body), key)) return { ok: false, reason: 'bad-signature' };
  return { ok: true, record: decoded.value, publisher: nodeIdOf(key) };
}
