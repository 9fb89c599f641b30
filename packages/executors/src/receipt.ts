import type { Verdict } from '@hypermesh/core';
import { decodeReceipt } from '@hypermesh/metered-wasm';
import { decodeScriptReceipt } from '@hypermesh/metered-wasm/quickjs';

/** What every receipt tells, whichever executor gave it. */
export interface ReceiptFacts {
  readonly type: 'vm.wasm' | 'library.javascript';
  /** CIDs (raw, sha2-256) of what went in and what came out. */
  readonly input: string;
  readonly output: string;
  readonly fuel: bigint;
  readonly memoryPages: number;
  /** The clock and the seed that the program had; absent where it had none. */
  readonly clockMs?: number | undefined;
  readonly randomSeed?: Uint8Array | undefined;
  /** Pages that it was given, where the receipt says so; of WebAssembly its module does. */
  readonly memoryLimitPages?: number;
}

/** Reads a receipt of any executor of this package; never throws. */
export function readReceipt(bytes: Uint8Array): Verdict<{ receipt: ReceiptFacts }> {
  const module = decodeReceipt(bytes);
  if (module.ok) {
    const { input, output, fuel, memoryPages } = module.value;
    return { ok: true, receipt: { type: 'vm.wasm', input, output, fuel, memoryPages } };
  }
  const script = decodeScriptReceipt(bytes);
  if (!script.ok) return { ok: false, reason: script.reason };
  const { input, output, fuel, memoryPages, clockMs, randomSeed, memoryLimitPages } = script.value;
  const facts = { input, output, fuel, memoryPages, clockMs, randomSeed, memoryLimitPages };
  return { ok: true, receipt: { type: 'library.javascript', ...facts } };
}
