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
import { defaultPrice } from '../wallet/price.ts';

const schema = record({
  v: s.literal(1),
  /** The one node that may execute under this lease. */
  executor: s.cid<NodeId>({ codec: 'dag-cbor', hash: 'sha2-256' }),
  /** Key of the package in the ledger, `name@version`. */
  package: s.text(160),
  /** Content root of the package's document. */
  document: s.cid<ContentRoot>({ codec: 'dag-cbor', hash: 'blake3-256' }),
  /** Versions of the package's dependencies, by name: executor and auditor take exactly these. */
  dependencies: s.map(s.text(64), 256),
  /** What is called: operation of a WebAssembly guest, export of a script; the package's own where it is absent. */
  operation: s.optional(s.text(200)),
  /** Content root of the input; the package's own input where it is absent. */
  input: s.optional(s.cid<ContentRoot>({ codec: 'dag-cbor', hash: 'blake3-256' })),
  fuel: s.bigint(),
  memoryPages: s.uint(65_536),
  deadlineMs: s.uint(86_400_000),
  /** The instant that the program has for a clock, ms since 1970; absent: none. */
  clockMs: s.optional(s.uint(8_640_000_000_000_000)),
  /** The seed of its random numbers; absent: none. */
  randomSeed: s.optional(s.bytes({ length: 32 })),
  /** Base units per 1,000,000 fuel; a run is charged ceil(fuel x price / 1,000,000). */
  price: s.bigint(),
  /** On what footing the executor lends; `anonymous` leases are left out of usage reports. */
  allocation: s.union(
    s.literal('private'),
    s.literal('public'),
    s.literal('anonymous'),
    s.literal('verified'),
  ),
});

/** What a `lease.commit` operation grants: one run of one package on one node, within limits. */
export type LeaseTerms = Infer<typeof schema>;

/** What a lease grants unless it says otherwise. */
export const defaultTerms = { v: 1, dependencies: {}, price: defaultPrice, allocation: 'public' } as const;

/** The terms as the canonical bytes that the ledger keeps. */
export function encodeLeaseTerms(terms: LeaseTerms): Uint8Array {
  return encodeRecord(schema, terms);
}

/** Reads terms from a ledger record. */
export function decodeLeaseTerms(bytes: Uint8Array): Verdict<{ terms: LeaseTerms }> {
  const decoded = decodeRecord(schema, bytes);
  return decoded.ok ? { ok: true, terms: decoded.value } : { ok: false, reason: decoded.reason };
}
