import { equalBytes, type Schema, s, type Verdict } from '@hypermesh/core';

/**
 * What a work leg may carry about an execution: digests (32 bytes) of module, input and output, the fuel used, and
 * the name of the deterministic profile. The part of an execution receipt that re-execution needs.
 */
export interface WorkReceipt {
  readonly v: 1;
  readonly module: Uint8Array;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  readonly fuel: bigint;
  readonly profile: string;
}

export const workReceiptSchema: Schema<WorkReceipt> = s.record({
  v: s.literal(1),
  module: s.bytes({ length: 32 }),
  input: s.bytes({ length: 32 }),
  output: s.bytes({ length: 32 }),
  fuel: s.bigint(),
  profile: s.text(64),
});

/**
 * Port: runs a receipt's module on its input again. Finds both by digest; answers `ok: false` where it lacks one or
 * the program fails. Never throws for a bad receipt; rejects with `signal.reason` when told to stop.
 */
export interface Reexecutor {
  execute(
    receipt: WorkReceipt,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<Verdict<{ output: Uint8Array; fuel: bigint }>>;
}

export type ReceiptReason = 'not-executed' | 'output-differs' | 'fuel-differs';

/** Re-executes a receipt and compares the output's digest and the fuel. */
export async function verifyReceipt(
  receipt: WorkReceipt,
  reexecutor: Reexecutor,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Verdict<object, ReceiptReason>> {
  const again = await reexecutor.execute(receipt, options);
  if (!again.ok) return { ok: false, reason: 'not-executed' };
  if (!equalBytes(again.output, receipt.output)) return { ok: false, reason: 'output-differs' };
  return again.fuel === receipt.fuel ? { ok: true } : { ok: false, reason: 'fuel-differs' };
}
