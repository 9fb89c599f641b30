import { cidOf } from '@hypermesh/core';
import { PROFILE } from '../profile.ts';
import { checkReceipt, type ExecutionReceipt } from '../receipt.ts';
import { type MeteredRunner, type RunFailure, runMetered } from './runner.ts';

/** What somebody needs to run a receipt's run again. */
export interface ReexecuteRequest {
  readonly module: Uint8Array;
  readonly input: Uint8Array;
  /** Wall time of the run; 60 s by default. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** Most pages that the module's memory may grow to; by default whatever the format allows. */
  readonly memoryMaxPages?: number;
  /** Runs in this runner instead of the shared one. */
  readonly runner?: MeteredRunner;
}

/** Whether a receipt holds; `reason` is the first field that does not, `receipt` for what is none, or `run`. */
export type ReexecuteVerdict =
  | { readonly ok: true; readonly output: Uint8Array }
  | {
      readonly ok: false;
      readonly reason: 'receipt' | 'profile' | 'module' | 'input' | 'run' | 'output' | 'fuel' | 'memoryPages';
      readonly detail: string;
      readonly failure?: RunFailure;
    };

/**
 * Runs what a receipt tells of again and compares. Module and input are compared by digest before anything runs; the
 * run gets the receipt's fuel and no more, so that checking costs no more than was claimed. Receipts of bare exports
 * are not re-executed here.
 */
export async function reexecute(
  receipt: ExecutionReceipt,
  { module, input, deadlineMs = 60_000, signal, memoryMaxPages, runner }: ReexecuteRequest,
): Promise<ReexecuteVerdict> {
  const differs = (
    reason: 'profile' | 'module' | 'input' | 'output' | 'fuel' | 'memoryPages',
    found: string | number | bigint,
  ): ReexecuteVerdict => ({ ok: false, reason, detail: `${receipt[reason]} in the receipt, ${found} here` });
  const wellFormed = checkReceipt(receipt);
  if (!wellFormed.ok) {
    const { profile } = (receipt ?? {}) as Partial<ExecutionReceipt>;
    if (typeof profile === 'string' && profile !== PROFILE) return differs('profile', PROFILE);
    return { ok: false, reason: 'receipt', detail: `${wellFormed.reason} at ${wellFormed.path}` };
  }
  const moduleCid = cidOf(module, 'raw');
  if (moduleCid !== receipt.module) return differs('module', moduleCid);
  const inputCid = cidOf(input, 'raw');
  if (inputCid !== receipt.input) return differs('input', inputCid);
  const { op, fuel } = receipt;
  const bounds = memoryMaxPages === undefined ? {} : { memoryMaxPages };
  const request = { module, input, op, fuel, deadlineMs, signal, ...bounds };
  const again = await (runner === undefined ? runMetered(request) : runner.run(request));
  if (!again.ok) {
    if (again.reason === 'out-of-fuel') return differs('fuel', `more than ${receipt.fuel}`);
    return { ok: false, reason: 'run', failure: again.reason, detail: `${again.reason}: ${again.detail}` };
  }
  for (const field of ['output', 'fuel', 'memoryPages'] as const) {
    if (again.receipt[field] !== receipt[field]) return differs(field, again.receipt[field]);
  }
  return { ok: true, output: again.output };
}
