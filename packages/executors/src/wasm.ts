import { sha256, toHex } from '@hypermesh/core';
import {
  decodeReceipt,
  encodeReceipt,
  type MeteredRunner,
  type MeterVerdict,
  meterInWorker,
  openRunner,
  PROFILE,
  reexecute,
} from '@hypermesh/metered-wasm';
import type { Call, CallOutcome, Comparison, Executor, Prepared } from './executor.ts';
import { METERED_LIMITS } from './limit.ts';
import { unfit } from './unfit.ts';

/** Options of `wasmExecutor`. */
export interface WasmExecutorOptions {
  /** Programs that run at once, each in a worker; 2 by default. */
  readonly workers?: number;
  /** Time after which an idle worker is ended; 5 s by default. */
  readonly idleMs?: number;
  /** Largest module, bytes; 8 MiB by default. Metering holds up to sixteen times as much meanwhile. */
  readonly maxModuleBytes?: number;
}

/** A guest of hm-abi-1 that answers its input, 98 bytes: what the probe runs. */
const ECHO = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 18, 3, 96, 0, 1, 127, 96, 1, 127, 1, 127, 96, 4, 127, 127, 127, 127, 1, 126,
  3, 4, 3, 0, 1, 2, 5, 3, 1, 0, 1, 7, 40, 4, 6, 104, 109, 95, 97, 98, 105, 0, 0, 8, 104, 109, 95, 97, 108,
  108, 111, 99, 0, 1, 7, 104, 109, 95, 99, 97, 108, 108, 0, 2, 6, 109, 101, 109, 111, 114, 121, 2, 0, 10, 25,
  3, 4, 0, 65, 1, 11, 5, 0, 65, 128, 8, 11, 12, 0, 32, 2, 173, 66, 32, 134, 32, 3, 173, 132, 11,
]);
const KEPT_MODULES = 8;
const KEPT_BYTES = 2 ** 25;
const MAX_PAGES = 65_536;

/** Metered modules by digest and memory, the latest used ones. */
class MeteredModules {
  readonly #kept = new Map<string, Promise<MeterVerdict>>();

  meter(bytes: Uint8Array, memoryMaxPages: number, maxBytes: number): Promise<MeterVerdict> {
    const key = `${toHex(sha256(bytes))} ${memoryMaxPages}`;
    const known = this.#kept.get(key) ?? meterInWorker(bytes, { memoryMaxPages, maxBytes });
    this.#kept.delete(key);
    if (bytes.length > KEPT_BYTES / KEPT_MODULES) return known;
    this.#kept.set(key, known);
    known.catch(() => this.#kept.delete(key));
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_MODULES) break;
      this.#kept.delete(oldest);
    }
    return known;
  }
}

/** Executes `vm.wasm`: WebAssembly of hm-abi-1, metered, in warm workers. It has no clock and no randomness to grant. */
export function wasmExecutor(options: WasmExecutorOptions = {}): Executor {
  const { workers = 2, idleMs = 5_000, maxModuleBytes = 2 ** 23 } = options;
  const runner = openRunner({ workers, idleMs });
  const modules = new MeteredModules();
  const types = ['vm.wasm'] as const;

  async function prepare(module: Uint8Array, memoryPages: number): Promise<Prepared> {
    const metered = await modules.meter(module, memoryPages, maxModuleBytes);
    if (!metered.ok) {
      const exit = metered.reason === 'memory-too-large' ? 'memory' : 'denied';
      return { ok: false, exit, detail: `${metered.reason}: ${metered.detail}` };
    }
    return {
      ok: true,
      run: (call) => run(runner, metered.module, memoryPages, call),
      reexecute: (receipt, call) => compare(runner, metered.module, memoryPages, { receipt, call }),
    };
  }

  return {
    types,
    async probe(signal) {
      const input = new TextEncoder().encode('probe');
      const prepared = await prepare(ECHO, 1);
      if (!prepared.ok) return { isAvailable: false, types, reason: prepared.detail };
      const limits = { fuel: 10_000n, memoryPages: 1, deadlineMs: 60_000, maxOutputBytes: 64 };
      const outcome = await prepared.run({ operation: 'run', input, ...limits, signal });
      const answered = outcome.exit === 'ok' && toHex(outcome.output) === toHex(input);
      if (!answered) return { isAvailable: false, types, reason: `the probe ended with ${outcome.exit}` };
      return {
        isAvailable: true,
        types,
        executor: `metered-wasm ${PROFILE}`,
        limits: [
          ...METERED_LIMITS,
          { name: 'memory', enforcement: 'hard', how: 'the maximum is written into the program' },
          { name: 'clock', enforcement: 'hard', how: 'there is none' },
          { name: 'randomness', enforcement: 'hard', how: 'there is none' },
        ],
        memoryPages: { min: 1, max: MAX_PAGES },
        grants: [],
      };
    },
    async prepare({ files, entrypoint }, { memoryPages }, signal) {
      const module = files.get(entrypoint);
      if (module === undefined) return { ok: false, exit: 'denied', detail: `no file ${entrypoint}` };
      signal?.throwIfAborted();
      return prepare(module, memoryPages);
    },
    [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose](),
  };
}

async function run(
  runner: MeteredRunner,
  module: Uint8Array,
  memoryMaxPages: number,
  { operation, input, fuel, deadlineMs, maxOutputBytes, clockMs, randomSeed, signal }: Call,
): Promise<CallOutcome> {
  if (clockMs !== undefined || randomSeed !== undefined) {
    return { exit: 'denied', detail: 'hm-abi-1 has no clock and no randomness', fuelUsed: 0n, log: [] };
  }
  const result = await runner
    .run({ module, op: operation, input, fuel, deadlineMs, maxOutputBytes, memoryMaxPages, signal })
    .catch(unfit);
  if ('exit' in result) return result;
  if (result.ok) {
    const { output, fuelUsed, memoryPages, receipt, log } = result;
    return { exit: 'ok', output, fuelUsed, memoryPages, receipt: encodeReceipt(receipt), log };
  }
  const { reason, detail, fuelUsed, log } = result;
  const exit = reason === 'trap' ? 'error' : reason;
  return { exit, detail, log, ...(fuelUsed === undefined ? {} : { fuelUsed }) };
}

async function compare(
  runner: MeteredRunner,
  module: Uint8Array,
  memoryMaxPages: number,
  {
    receipt,
    call,
  }: {
    readonly receipt: Uint8Array;
    readonly call: Pick<Call, 'operation' | 'input' | 'deadlineMs' | 'signal'>;
  },
): Promise<Comparison> {
  const { operation, input, deadlineMs, signal } = call;
  const decoded = decodeReceipt(receipt);
  if (!decoded.ok) return { matches: false, differs: 'receipt', detail: decoded.reason };
  if (decoded.value.op !== operation) {
    return { matches: false, differs: 'op', detail: `the receipt is of ${decoded.value.op}` };
  }
  const verdict = await reexecute(decoded.value, {
    ...{ module, input, deadlineMs, memoryMaxPages, runner },
    ...(signal === undefined ? {} : { signal }),
  });
  if (verdict.ok) return { matches: true, output: verdict.output };
  return { matches: false, differs: verdict.reason, detail: verdict.detail };
}
