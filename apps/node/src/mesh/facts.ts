import type { Genesis } from '@hypermesh/consensus';
import {
  decodeRecord,
  domainHash,
  encodeRecord,
  equalBytes,
  type Infer,
  type NodeId,
  record,
  s,
} from '@hypermesh/core';

const schema = record({
  v: s.literal(1),
  /** Fingerprint of the mesh's root certificate. */
  root: s.text(96),
  /** Verifier key of the mesh's transparency log. */
  logKey: s.text(256),
  /** With which keys each member signs artifacts: NodeId to the signer's id, which covers its Falcon key too. */
  signers: s.map(s.text(128), 1024, 128),
});

/** What a mesh agrees on beside its ledger. A genesis is bound to the digest of these facts, so they never change. */
export type MeshFacts = Infer<typeof schema>;

/** Canonical bytes of the facts. */
export function encodeFacts(facts: MeshFacts): Uint8Array {
  return encodeRecord(schema, facts);
}

/** Reads facts from anybody. */
export function decodeFacts(bytes: Uint8Array) {
  return decodeRecord(schema, bytes);
}

/** What a genesis holds of its facts. */
export function factsBinding(facts: MeshFacts): Readonly<Record<string, Uint8Array>> {
  return { facts: domainHash('hypermesh/node/mesh-facts/v1', encodeFacts(facts)) };
}

/** Whether a genesis belongs to these facts. */
export function isBoundTo(genesis: Genesis, facts: MeshFacts): boolean {
  const expected = factsBinding(facts)['facts'];
  const bound = genesis.bindings['facts'];
  return expected !== undefined && bound !== undefined && equalBytes(bound, expected);
}

/** The id of the keys with which a member signs artifacts. */
export function signerOf(facts: MeshFacts, node: NodeId): string | undefined {
  return Object.hasOwn(facts.signers, node) ? facts.signers[node] : undefined;
}
