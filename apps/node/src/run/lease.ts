import {
  type ContentRoot,
  decodeRecord,
  encodeRecord,
  type Infer,
  type NodeId,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';

const schema = record({
  v: s.literal(1),
  /** The one node that may execute under this lease. */
  executor: s.cid<NodeId>({ codec: 'dag-cbor', hash: 'sha2-256' }),
  /** Key of the package in the ledger, `name@version`. */
  package: s.text(160),
  /** Content root of the package's document. */
  document: s.cid<ContentRoot>({ codec: 'dag-cbor', hash: 'blake3-256' }),
  fuel: s.bigint(),
  memoryPages: s.uint(65_536),
  deadlineMs: s.uint(86_400_000),
  /** Base units for 1,000,000 fuel; what a run costs is rounded up. 0: nothing. */
  price: s.bigint(),
  /** On what footing the executor lends; reports on usage leave anonymous leases out. */
  allocation: s.union(
    s.literal('private'),
    s.literal('public'),
    s.literal('anonymous'),
    s.literal('verified'),
  ),
});

/** What a `lease.commit` operation grants: one run of one package on one node, within limits. */
export type LeaseTerms = Infer<typeof schema>;

/** The terms as the canonical bytes that the ledger keeps. */
export function encodeLeaseTerms(terms: LeaseTerms): Uint8Array {
  return encodeRecord(schema, terms);
}

/** Reads terms from a ledger record. */
export function decodeLeaseTerms(bytes: Uint8Array): Verdict<{ terms: LeaseTerms }> {
  const decoded = decodeRecord(schema, bytes);
  return decoded.ok ? { ok: true, terms: decoded.value } : { ok: false, reason: decoded.reason };
}
