import { fromUtf8, utf8 } from '@hypermesh/core';
import { PROFILE } from '@hypermesh/metered-wasm';
import {
  decodeScriptReceipt,
  type EngineCache,
  encodeScriptReceipt,
  MAX_MEMORY_PAGES,
  MIN_MEMORY_PAGES,
  openQuickJs,
  type QuickJs,
  reexecuteScript,
} from '@hypermesh/metered-wasm/quickjs';
import type { Call, CallOutcome, Comparison, Executor, Program } from './executor.ts';
import { METERED_LIMITS } from './limit.ts';
import { unfit } from './unfit.ts';

/** Options of `javascriptExecutor`. */
export interface JavascriptExecutorOptions {
  /** Programs that run at once, each in a worker; 2 by default. */
  readonly workers?: number;
  /** Time after which an idle worker is ended; 5 s by default. */
  readonly idleMs?: number;
  /** Keeps the metered engine between processes. */
  readonly cache?: EngineCache;
}

const PROBE = 'export default (input) => new Uint8Array(input).reverse();';

/**
 * Executes `library.javascript`: ES modules and CommonJS in QuickJS, itself metered WebAssembly, in warm workers. The
 * program's export is called with the input as a Uint8Array; it answers text or bytes, or nothing, or a promise of it;
 * any other value is JSON.
 */
export function javascriptExecutor(options: JavascriptExecutorOptions = {}): Executor {
  const quickjs = openQuickJs(options);
  const types = ['library.javascript'] as const;
  return {
    types,
    async probe(signal) {
      let engine: string;
      try {
        engine = await quickjs.engine();
      } catch (error) {
        return { isAvailable: false, types, reason: (error as Error).message };
      }
      const program = { type: types[0], files: new Map([['probe.js', utf8(PROBE)]]), entrypoint: 'probe.js' };
      const outcome = await run(quickjs, program, {
        operation: 'default',
        input: Uint8Array.of(1, 2, 3),
        ...{
          fuel: 50_000_000n,
          memoryPages: MIN_MEMORY_PAGES,
          deadlineMs: 60_000,
          maxOutputBytes: 64,
          signal,
        },
      });
      const answered = outcome.exit === 'ok' && outcome.output.join() === '3,2,1';
      if (!answered) return { isAvailable: false, types, reason: `the probe ended with ${outcome.exit}` };
      return {
        isAvailable: true,
        types,
        executor: `quickjs ${engine} ${PROFILE}`,
        limits: [
          ...METERED_LIMITS,
          {
            name: 'memory',
            enforcement: 'hard',
            how: 'the engine grows through this host alone, to the page',
          },
          { name: 'clock', enforcement: 'hard', how: 'absent, or one instant that the receipt records' },
          {
            name: 'randomness',
            enforcement: 'hard',
            how: 'absent, or drawn from a seed that the receipt records',
          },
        ],
        memoryPages: { min: MIN_MEMORY_PAGES, max: MAX_MEMORY_PAGES },
        grants: ['clock', 'randomness'],
      };
    },
    async prepare(program, { memoryPages }, signal) {
      signal?.throwIfAborted();
      const { files, entrypoint } = program;
      const source = files.get(entrypoint);
      if (source === undefined) return { ok: false, exit: 'denied', detail: `no file ${entrypoint}` };
      if (!fromUtf8(source).ok)
        return { ok: false, exit: 'denied', detail: `${entrypoint} is not UTF-8 text` };
      if (memoryPages < MIN_MEMORY_PAGES) {
        const detail = `JavaScript needs ${MIN_MEMORY_PAGES} pages of memory, not ${memoryPages}`;
        return { ok: false, exit: 'memory', detail };
      }
      return {
        ok: true,
        run: (call) => run(quickjs, program, call),
        reexecute: (receipt, call) => compare(quickjs, program, receipt, call),
      };
    },
    [Symbol.asyncDispose]: () => quickjs[Symbol.asyncDispose](),
  };
}

async function run(quickjs: QuickJs, { files, entrypoint }: Program, call: Call): Promise<CallOutcome> {
  const { operation, input, fuel, memoryPages, deadlineMs, maxOutputBytes, clockMs, randomSeed, signal } =
    call;
  const result = await quickjs
    .run({
      ...{ files, entry: entrypoint, call: operation, input, fuel, memoryPages, deadlineMs, maxOutputBytes },
      ...{ clockMs, randomSeed, signal },
    })
    .catch(unfit);
  if ('exit' in result) return result;
  if (!result.ok) {
    const { reason, detail, fuelUsed, log } = result;
    return { exit: reason, detail, log, ...(fuelUsed === undefined ? {} : { fuelUsed }) };
  }
  const { outputBytes, fuelUsed, receipt, log } = result;
  if (receipt === undefined) throw new Error('a run without host functions has a receipt');
  return {
    exit: 'ok',
    output: outputBytes,
    fuelUsed,
    memoryPages: result.memoryPages,
    receipt: encodeScriptReceipt(receipt),
    log,
  };
}

async function compare(
  quickjs: QuickJs,
  { files, entrypoint }: Program,
  bytes: Uint8Array,
  { operation, input, memoryPages, deadlineMs, signal }: Omit<Call, 'fuel'>,
): Promise<Comparison> {
  const decoded = decodeScriptReceipt(bytes);
  if (!decoded.ok) return { matches: false, differs: 'receipt', detail: decoded.reason };
  const receipt = decoded.value;
  if (receipt.entry !== entrypoint || receipt.call !== operation) {
    return { matches: false, differs: 'op', detail: `the receipt is of ${receipt.call} in ${receipt.entry}` };
  }
  const verdict = await reexecuteScript(receipt, {
    ...{ quickjs, files, input, deadlineMs, memoryMaxPages: memoryPages, signal },
  });
  if (verdict.ok) return { matches: true, output: verdict.output };
  return { matches: false, differs: verdict.reason, detail: verdict.detail };
}
