import {
  decodeRecord,
  domainMessage,
  encodeRecord,
  type Infer,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';

const usage = record({
  v: s.literal(1),
  lease: s.text(112),
  /** Account of who provided, and signs. */
  provider: s.text(128),
  /** 1 for a lease's first receipt, then one more each. */
  sequence: s.uint(),
  /** What was used, in the lease's units. */
  units: s.bigint(),
  /** How long it took, by the provider's clock. */
  durationMs: s.uint(),
  /** Bytes of the caller: what ran, how it ended. */
  detail: s.bytes({ max: 1_024 }),
});

const signature = { max: 8_192 } as const;
const signed = record({
  receipt: s.bytes({ max: 2_048 }),
  provider: s.bytes(signature),
  consumer: s.optional(s.bytes(signature)),
});

/** What was used under a lease since the receipt before: the provider's word. */
export type UsageReceipt = Infer<typeof usage>;

/** Signature checks over accounts: `by` names whose key it must be. Deterministic; false for unknown accounts. */
export interface SignatureCheck {
  verify(by: string, message: Uint8Array, signature: Uint8Array): boolean;
}

/** A receipt as it travels. `bytes` is what was signed over, within its domain and context. */
export interface SignedReceipt {
  readonly receipt: UsageReceipt;
  readonly bytes: Uint8Array;
  readonly signatures: { readonly provider: Uint8Array; readonly consumer?: Uint8Array };
}

/** Canonical bytes of a receipt. Throws `core/not-a-record` for one out of bounds. */
export function encodeReceipt(receipt: UsageReceipt): Uint8Array {
  return encodeRecord(usage, receipt);
}

/** What the provider signs. `context` names the books, such as a chain id, so that a receipt counts in one alone. */
export function usageMessage(receipt: Uint8Array, context: Uint8Array): Uint8Array {
  return domainMessage('hypermesh/caesar/usage/v1', context, receipt);
}

/** What the consumer signs who agrees with a receipt. */
export function acceptanceMessage(receipt: Uint8Array, context: Uint8Array): Uint8Array {
  return domainMessage('hypermesh/caesar/acceptance/v1', context, receipt);
}

/** A receipt with its signatures as bytes. */
export function encodeSignedReceipt({ bytes, signatures }: Omit<SignedReceipt, 'receipt'>): Uint8Array {
  return encodeRecord(signed, { receipt: bytes, ...signatures });
}

/** Reads a signed receipt from anybody; checks no signature. */
export function decodeSignedReceipt(bytes: Uint8Array): Verdict<SignedReceipt> {
  const outer = decodeRecord(signed, bytes, { maxBytes: 20_000 });
  if (!outer.ok) return { ok: false, reason: outer.reason };
  const inner = decodeRecord(usage, outer.value.receipt, { maxBytes: 2_048 });
  if (!inner.ok) return { ok: false, reason: inner.reason };
  const { receipt, ...signatures } = outer.value;
  return { ok: true, receipt: inner.value, bytes: receipt, signatures };
}
