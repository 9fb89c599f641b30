import {
  decodeRecord,
  domainMessage,
  encodeRecord,
  type Infer,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { verify } from '@hypermesh/core/ed25519';
import { MAX_FUEL } from '@hypermesh/metered-wasm';
import type { ReceiptSigner } from './ports.ts';

const exit = s.union(
  s.literal('ok'),
  s.literal('out-of-fuel'),
  s.literal('memory'),
  s.literal('deadline'),
  s.literal('denied'),
  s.literal('error'),
);

const schema = record({
  v: s.literal(1),
  /** What the run was made under, such as the id of its lease: whoever asked names it. */
  context: s.text(256),
  type: s.text(64),
  exit,
  /** Fuel that was used; that which was allowed where the thread was ended and nobody can say. */
  fuel: s.bigint(MAX_FUEL),
  isFuelExact: s.bool(),
  memoryPages: s.uint(65_536),
  wallMs: s.uint(),
  /** SHA-256 of the output; empty where there is none. */
  output: s.bytes({ max: 32 }),
  /** The executor's receipt, which anybody can re-execute; empty where the run did not end well. */
  receipt: s.bytes({ max: 4_096 }),
});

/** What a node states of a run that it made: how it ended and what it took. */
export type RunStatement = Infer<typeof schema>;

const signed = record({ body: s.bytes({ max: 8_192 }), signature: s.bytes({ length: 64 }) });
const DOMAIN = 'hypermesh/executors/run-statement/v1';

/** A statement under the signature of the node that made the run (Ed25519, at most 8 KiB). */
export function signStatement(statement: RunStatement, signer: ReceiptSigner): Uint8Array {
  const body = encodeRecord(schema, statement);
  return encodeRecord(signed, { body, signature: signer.sign(domainMessage(DOMAIN, body)) });
}

/** Reads a statement from anybody and checks that `publicKey` made it. */
export function openStatement(
  bytes: Uint8Array,
  publicKey: Uint8Array,
): Verdict<{ statement: RunStatement }> {
  const outer = decodeRecord(signed, bytes, { maxBytes: 16_384 });
  if (!outer.ok) return { ok: false, reason: outer.reason };
  const { body, signature } = outer.value;
  if (!verify(signature, domainMessage(DOMAIN, body), publicKey))
    return { ok: false, reason: 'bad-signature' };
  const inner = decodeRecord(schema, body, { maxBytes: 8_192 });
  return inner.ok ? { ok: true, statement: inner.value } : { ok: false, reason: inner.reason };
}
