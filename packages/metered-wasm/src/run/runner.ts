import { utf8, type Verdict } from '@hypermesh/core';
import { MeteredWasmError } from '../errors.ts';
import { PROFILE } from '../profile.ts';
import { type ExecutionReceipt, MAX_FUEL } from '../receipt.ts';
import type { Job, Outcome, Scalar } from './job.ts';
import { WorkerPool } from './pool.ts';
import { PreparedModules } from './prepared.ts';
import { type MeteredSession, Session } from './session.ts';
import { Workers } from './workers.ts';

/** One run of a metered module. */
export interface RunRequest {
  /** Bytes that `meter` gave. They are checked again; anything else is denied. */
  readonly module: Uint8Array;
  /** Copied before the call returns, as the module is. */
  readonly input?: Uint8Array;
  /** Units of fuel, at most 2^62. */
  readonly fuel: bigint | number;
  /** Wall time from the moment a ready worker takes the run; at its end the worker is ended. */
  readonly deadlineMs: number;
  /** Ends the run; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Operation handed to `hm_call`, at most 200 bytes of UTF-8; `run` by default. */
  readonly op?: string;
  /** Instead of `hm_call`: an export that takes and gives numbers only, with a name of at most 200 bytes. */
  readonly entry?: string;
  readonly args?: readonly Scalar[];
  /** Largest output in bytes; 64 MiB by default. */
  readonly maxOutputBytes?: number;
  /** Maxima that the module must keep to; by default whatever the format allows. */
  readonly memoryMaxPages?: number;
  readonly tableMax?: number;
}

/** Why a run gave no output. */
export type RunFailure = 'out-of-fuel' | 'memory' | 'deadline' | 'trap' | 'denied';

/**
 * How a run ended. `fuelUsed` is exact for a result and when fuel ran out; of a trap it is a lower bound, the same
 * everywhere; it is absent where the worker was ended.
 */
export type RunResult =
  | {
      readonly ok: true;
      readonly output: Uint8Array;
      readonly fuelUsed: bigint;
      readonly receipt: ExecutionReceipt;
      readonly memoryPages: number;
      readonly log: readonly string[];
      /** What a bare export gave; empty for `hm_call`. */
      readonly results: readonly Scalar[];
    }
  | {
      readonly ok: false;
      readonly reason: RunFailure;
      readonly detail: string;
      readonly fuelUsed?: bigint;
      readonly log: readonly string[];
    };

/** Runs metered modules in workers of its own. */
export interface MeteredRunner extends AsyncDisposable {
  /** Runs one; never rejects for what a guest does. Rejects when aborted, closed, or a worker fails by itself. */
  run(request: RunRequest): Promise<RunResult>;
  /**
   * Keeps a module of hm-abi-1, and a worker with it, for calls that are made often; `denied` where it does not pass, or where
   * as many sessions are open as there may be.
   */
  open(
    request: Pick<RunRequest, 'module' | 'memoryMaxPages' | 'tableMax' | 'signal'>,
  ): Promise<
    Verdict<{ session: MeteredSession }, { readonly reason: 'denied' | 'busy'; readonly detail: string }>
  >;
}

/** Options of a runner. */
export interface RunnerOptions {
  /** Workers at most, started as needed; 2 by default. */
  readonly workers?: number;
  /** Stack of each worker's thread in MiB; 8 by default. */
  readonly stackMb?: number;
  /** Sessions that may be open at once, each with a worker beside those of the runs; 8 by default. */
  readonly sessions?: number;
  /** Time after which an idle worker is ended; never by default. */
  readonly idleMs?: number;
}

const I32 = 0x7f;
const I64 = 0x7e;
const NUMERIC = new Set([0x7f, 0x7e, 0x7d, 0x7c]);
const ABI: Readonly<Record<string, string>> = {
  hm_abi: '>127',
  hm_alloc: '127>127',
  hm_call: '127,127,127,127>126',
};

type Signatures = ReadonlyMap<
  string,
  { readonly params: readonly number[]; readonly results: readonly number[] }
>;

/** Whether an argument is a value of the type, so that nothing is cut off on its way in. */
function isOfType(type: number, value: unknown): boolean {
  if (type === I64) return typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 64n;
  if (typeof value !== 'number') return false;
  return type !== I32 || (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32);
}

/** Why a module cannot take this call, or undefined where it can. */
function misfit(functions: Signatures, hasMemory: boolean, call: Job['call']): string | undefined {
  if (call.kind === 'export') {
    const { entry, args } = call;
    const found = functions.get(entry);
    if (found === undefined || entry.startsWith('hm:')) return `the module exports no function ${entry}`;
    if (![...found.params, ...found.results].every((type) => NUMERIC.has(type))) {
      return `${entry} does not take and give numbers alone`;
    }
    const fits =
      found.params.length === args.length && found.params.every((type, at) => isOfType(type, args[at]));
    return fits ? undefined : `${entry} takes other arguments`;
  }
  for (const [name, wanted] of Object.entries(ABI)) {
    const found = functions.get(name);
    if (found === undefined) return `no hm-abi-1: ${name} is missing; name an entry to call a bare export`;
    if (`${found.params}>${found.results}` !== wanted) return `no hm-abi-1: ${name} has another type`;
  }
  return hasMemory ? undefined : 'no hm-abi-1: memory is not exported';
}

function toFuel(fuel: bigint | number): bigint {
  const isInteger = typeof fuel === 'bigint' || Number.isSafeInteger(fuel);
  const value = isInteger ? BigInt(fuel) : -1n;
  if (value >= 0n && value <= MAX_FUEL) return value;
  throw badArgument('fuel', 'an integer from 0 to 2^62');
}

function badArgument(argument: string, expected: string): MeteredWasmError {
  return new MeteredWasmError(
    { code: 'metered-wasm/bad-argument', argument, expected },
    `${argument} must be ${expected}`,
  );
}

/** A name that fits a receipt. */
function isName(name: unknown): name is string {
  return typeof name === 'string' && name.isWellFormed() && utf8(name).length <= 200;
}

function toJob(request: RunRequest): Job {
  const { input = new Uint8Array(), op = 'run', entry, args = [], maxOutputBytes = 2 ** 26 } = request;
  const { deadlineMs } = request;
  if (!isName(op)) throw badArgument('op', 'text of at most 200 bytes');
  if (entry !== undefined && !isName(entry)) throw badArgument('entry', 'text of at most 200 bytes');
  if (typeof deadlineMs !== 'number' || !(deadlineMs > 0 && deadlineMs <= 2 ** 31 - 1)) {
    throw badArgument('deadlineMs', 'a number of milliseconds above 0 and below 2^31');
  }
  if (!(Number.isSafeInteger(maxOutputBytes) && maxOutputBytes >= 0)) {
    throw badArgument('maxOutputBytes', 'a number of bytes');
  }
  if (!(input instanceof Uint8Array)) throw badArgument('input', 'a Uint8Array');
  if (!Array.isArray(args)) throw badArgument('args', 'an array of numbers');
  const fuel = toFuel(request.fuel);
  if (entry !== undefined) return { fuel, maxOutputBytes, call: { kind: 'export', entry, args: [...args] } };
  return { fuel, maxOutputBytes, call: { kind: 'abi', op, input: new Uint8Array(input) } };
}

function receiptOf(module: string, { call }: Job, outcome: Outcome & { ok: true }): ExecutionReceipt {
  const isAbi = call.kind === 'abi';
  return {
    v: 1,
    module,
    op: isAbi ? call.op : `export ${call.entry}`,
    ...outcome.cids,
    fuel: outcome.fuelUsed,
    memoryPages: outcome.memoryPages,
    profile: PROFILE,
  };
}

/** Opens a runner with workers of its own; `Symbol.asyncDispose` ends them. */
export function openRunner({
  workers = 2,
  stackMb = 8,
  sessions = 8,
  idleMs,
}: RunnerOptions = {}): MeteredRunner {
  if (!(Number.isSafeInteger(workers) && workers > 0)) throw badArgument('workers', 'an integer above 0');
  if (!(stackMb >= 4 && stackMb <= 256)) throw badArgument('stackMb', 'a number from 4 to 256');
  const pool = new WorkerPool({ workers, stackMb, idleMs });
  const modules = new PreparedModules();
  let standing = 0;
  const kept = new Workers({
    entry: '@hypermesh/metered-wasm/worker',
    workers: sessions,
    stackMb,
    idleMs: 5_000,
  });
  return {
    async run(request) {
      request.signal?.throwIfAborted();
      const job = toJob(request);
      const denied = (detail: string): RunResult => ({
        ok: false,
        reason: 'denied',
        detail,
        fuelUsed: 0n,
        log: [],
      });
      if (!(request.module instanceof Uint8Array)) return denied('the module is not a Uint8Array');
      const prepared = await modules.prepare(request.module, {
        memoryMaxPages: request.memoryMaxPages ?? 65_536,
        tableMax: request.tableMax ?? 10_000_000,
      });
      if (!prepared.ok) return denied(prepared.detail);
      const { checked, module, cid } = prepared;
      const why = misfit(checked.functions, checked.hasMemory, job.call);
      if (why !== undefined) return denied(why);
      const { deadlineMs, signal } = request;
      const outcome = await pool.run({ module, job, deadlineMs, signal });
      if (outcome === 'deadline') {
        return { ok: false, reason: 'deadline', detail: `not done after ${deadlineMs} ms`, log: [] };
      }
      if (outcome === 'host-memory') {
        return { ok: false, reason: 'memory', detail: 'the worker has no memory left', log: [] };
      }
      if (!outcome.ok) return outcome;
      const { cids: _, ...result } = outcome;
      return { ...result, receipt: receiptOf(cid, job, outcome) };
    },
    async open({ module: bytes, memoryMaxPages = 65_536, tableMax = 10_000_000, signal }) {
      const refuse = (reason: 'denied' | 'busy', detail: string) =>
        ({ ok: false, reason: { reason, detail } }) as const;
      signal?.throwIfAborted();
      const prepared = await modules.prepare(bytes, { memoryMaxPages, tableMax });
      if (!prepared.ok) return refuse('denied', prepared.detail);
      const { checked, module } = prepared;
      const call = { kind: 'abi', op: '', input: new Uint8Array() } as const;
      const why = misfit(checked.functions, checked.hasMemory, call);
      if (why !== undefined) return refuse('denied', why);
      if (standing >= sessions) return refuse('busy', `${sessions} sessions are open`);
      standing++;
      const ended = () => {
        standing--;
      };
      try {
        const worker = await kept.acquire(signal);
        return { ok: true, session: new Session({ workers: kept, worker, ended }, module) };
      } catch (error) {
        ended();
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([pool.close(), kept.close()]);
    },
  };
}

let shared: MeteredRunner | undefined;

/** Runs a metered module in the runner that this process shares, which never keeps the process alive. */
export function runMetered(request: RunRequest): Promise<RunResult> {
  shared ??= openRunner();
  return shared.run(request);
}
