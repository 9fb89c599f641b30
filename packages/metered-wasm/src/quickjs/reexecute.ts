import { cidOf } from '@hypermesh/core';
import { PROFILE } from '../profile.ts';
import { codeCid } from './code.ts';
import { PRELUDE_CID } from './prelude-cid.ts';
import type { QuickJs, ScriptFailure } from './quickjs.ts';
import { checkScriptReceipt, type ScriptReceipt } from './receipt.ts';
import type { ScriptProgram } from './request.ts';
import { kindName, packValue, type ScriptValue } from './value.ts';

/** What somebody needs to run a script's receipt again. */
export interface ReexecuteScriptRequest extends Pick<ScriptProgram, 'files'> {
  readonly quickjs: QuickJs;
  readonly input?: ScriptValue | undefined;
  /** Wall time of the run; 60 s by default. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Most pages that the receipt's run may have been given; by default whatever the engine may have. */
  readonly memoryMaxPages?: number;
}

/** Whether a script's receipt holds; `reason` is the first field that does not, `receipt` for what is none, or `run`. */
export type ReexecuteScriptVerdict =
  | { readonly ok: true; readonly output: Uint8Array }
  | {
      readonly ok: false;
      readonly reason:
        | 'receipt'
        | 'profile'
        | 'engine'
        | 'prelude'
        | 'code'
        | 'input'
        | 'memoryLimitPages'
        | 'run'
        | 'output'
        | 'fuel'
        | 'memoryPages';
      readonly detail: string;
      readonly failure?: ScriptFailure;
    };

/**
 * Runs what a script's receipt tells of again and compares. Everything that went in is compared by digest before
 * anything runs; the run gets the receipt's fuel and no more.
 */
export async function reexecuteScript(
  receipt: ScriptReceipt,
  { quickjs, files, input, deadlineMs = 60_000, signal, memoryMaxPages }: ReexecuteScriptRequest,
): Promise<ReexecuteScriptVerdict> {
  type Field =
    | 'profile'
    | 'engine'
    | 'prelude'
    | 'code'
    | 'input'
    | 'memoryLimitPages'
    | 'output'
    | 'fuel'
    | 'memoryPages';
  const differs = (reason: Field, found: unknown): ReexecuteScriptVerdict => ({
    ok: false,
    reason,
    detail: `${receipt[reason]} in the receipt, ${String(found)} here`,
  });
  const wellFormed = checkScriptReceipt(receipt);
  if (!wellFormed.ok) {
    const { profile } = (receipt ?? {}) as Partial<ScriptReceipt>;
    if (typeof profile === 'string' && profile !== PROFILE) return differs('profile', PROFILE);
    return { ok: false, reason: 'receipt', detail: `${wellFormed.reason} at ${wellFormed.path}` };
  }
  const engine = await quickjs.engine();
  if (engine !== receipt.engine) return differs('engine', engine);
  if (receipt.prelude !== PRELUDE_CID) return differs('prelude', PRELUDE_CID);
  const code = codeCid(files);
  if (code !== receipt.code) return differs('code', code);
  const packed = packValue(input);
  const inputCid = cidOf(packed.bytes, 'raw');
  if (inputCid !== receipt.input || kindName(packed) !== receipt.inputKind) return differs('input', inputCid);
  const { entry, call, fuel, clockMs, randomSeed, memoryLimitPages: memoryPages } = receipt;
  if (memoryMaxPages !== undefined && memoryPages > memoryMaxPages) {
    return differs('memoryLimitPages', `at most ${memoryMaxPages}`);
  }
  if (!files.has(entry)) return { ok: false, reason: 'receipt', detail: `no file ${JSON.stringify(entry)}` };
  const again = await quickjs.run({
    ...{ files, entry, call, input, fuel, memoryPages, deadlineMs, clockMs, randomSeed, signal },
  });
  if (!again.ok) {
    if (again.reason === 'out-of-fuel') return differs('fuel', `more than ${fuel}`);
    return { ok: false, reason: 'run', failure: again.reason, detail: `${again.reason}: ${again.detail}` };
  }
  const found = again.receipt as ScriptReceipt;
  for (const field of ['output', 'fuel', 'memoryPages'] as const) {
    if (found[field] !== receipt[field]) return differs(field, found[field]);
  }
  if (found.outputKind !== receipt.outputKind) return differs('output', found.outputKind);
  return { ok: true, output: again.outputBytes };
}
