import type { Worker } from 'node:worker_threads';
import { cidOf } from '@hypermesh/core';
import { PROFILE } from '../profile.ts';
import { KEPT_PAGES } from '../run/pool.ts';
import { closed, converse, Workers } from '../run/workers.ts';
import { type EngineCache, type MeteredEngine, meteredEngine } from './engine.ts';
import { STACK_MB } from './foreign.ts';
import { type HostSide, hostSide } from './host.ts';
import { PRELUDE_CID } from './prelude-cid.ts';
import type { CallMessage, StepOutcome, ToWorker } from './protocol.ts';
import type { ScriptReceipt } from './receipt.ts';
import {
  checkLimits,
  checkName,
  checkProgram,
  memoryFault,
  type ScriptGrants,
  type ScriptLimits,
  type ScriptProgram,
  type ScriptRequest,
  usablePages,
} from './request.ts';
import { kindName, packValue, type ScriptValue, unpackValue } from './value.ts';

/** Why a program gave no answer. */
export type ScriptFailure = 'out-of-fuel' | 'memory' | 'deadline' | 'denied' | 'error';

/** A program that gave no answer. `fuelUsed` is absent where its worker was ended. */
export interface ScriptFailed {
  readonly ok: false;
  readonly reason: ScriptFailure;
  readonly detail: string;
  readonly fuelUsed?: bigint;
  readonly log: readonly string[];
}

/** What a program answered, and what it cost. */
export interface ScriptAnswered {
  readonly ok: true;
  /** Read from the bytes whenever it is asked for: of JSON that costs the caller's thread time and many times the memory. */
  readonly output: ScriptValue | undefined;
  /** Bytes of the output: of text and JSON its UTF-8. */
  readonly outputBytes: Uint8Array;
  readonly fuelUsed: bigint;
  readonly memoryPages: number;
  readonly log: readonly string[];
  /** Absent where host functions were granted: what they answered is in no receipt, and in calls of a session. */
  readonly receipt?: ScriptReceipt;
}

export type ScriptResult = ScriptAnswered | ScriptFailed;

/** A program that stands in a worker of its own and keeps its state between calls. */
export interface ScriptSession extends AsyncDisposable {
  /** False when the program was ended: out of fuel, memory, time, aborted or closed. */
  readonly isOpen: boolean;
  /** Pages of memory after the last step. */
  readonly memoryPages: number;
  /**
   * Calls an export with a value, by its name or a path of names such as `default.ops.count`, and waits for the promise
   * that it may answer. Calls are made one at a time, in order. Never rejects for what the program does; rejects when
   * aborted or closed.
   */
  call(
    name: string,
    input: ScriptValue | undefined,
    limits: Pick<ScriptLimits, 'fuel' | 'deadlineMs'> & {
      readonly maxOutputBytes?: number;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<ScriptResult>;
}

/** A session, or why the program could not be loaded. */
export type ScriptOpened =
  | {
      readonly ok: true;
      readonly session: ScriptSession;
      readonly fuelUsed: bigint;
      readonly log: readonly string[];
    }
  | ScriptFailed;

/** Runs JavaScript in metered engines, each in a worker. */
export interface QuickJs extends AsyncDisposable {
  /** Loads a program into a fresh engine and makes one call. Never rejects for what the program does. */
  run(request: ScriptRequest): Promise<ScriptResult>;
  /** Loads a program and keeps it, and a worker with it, until the session is closed. */
  open(
    request: ScriptProgram & ScriptLimits & ScriptGrants & { readonly signal?: AbortSignal | undefined },
  ): Promise<ScriptOpened>;
  /** CID of the metered engine, the same wherever this version runs. */
  engine(): Promise<string>;
}

/** Options of `openQuickJs`. */
export interface QuickJsOptions {
  /** Runs and sessions at once, each in a worker; further ones wait. 2 by default. */
  readonly workers?: number;
  /** Time after which an idle worker is ended; 5 s by default. */
  readonly idleMs?: number;
  /** Keeps the metered engine between processes. */
  readonly cache?: EngineCache;
}

const MAX_OUTPUT_BYTES = 2 ** 26;

/** A program in a worker: opened, called, ended. */
class Standing {
  readonly engine: MeteredEngine;
  readonly #workers: Workers;
  readonly #worker: Worker;
  readonly #host: HostSide | undefined;
  #isOpen = true;
  /** A step was given to the worker and has not answered, or it ended the program. */
  #isClean = true;
  memoryPages = 0;
  /** When the worker took the program. */
  readonly startedMs: number = performance.now();

  constructor(engine: MeteredEngine, workers: Workers, worker: Worker, host: HostSide | undefined) {
    this.engine = engine;
    this.#workers = workers;
    this.#worker = worker;
    this.#host = host;
    worker.ref();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async step(
    message: ToWorker,
    { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<(StepOutcome & { ok: true }) | ScriptFailed> {
    if (!this.#isOpen) throw closed();
    this.#isClean = false;
    const host = this.#host;
    const outcome = await converse<StepOutcome>(this.#worker, message, {
      transfer:
        message.kind === 'open' && host !== undefined ? [host.grant.port as unknown as ArrayBuffer] : [],
      deadlineMs,
      signal,
      ...(host === undefined ? {} : { between: (each: unknown) => host.answer(each) }),
      isClosed: () => this.#workers.isClosed || !this.#isOpen,
    });
    if (typeof outcome === 'string') {
      await this.close();
      return outcome === 'deadline'
        ? { ok: false, reason: 'deadline', detail: `not done after ${deadlineMs} ms`, log: [] }
        : { ok: false, reason: 'memory', detail: 'the worker has no memory left', log: [] };
    }
    this.memoryPages = outcome.memoryPages;
    this.#isClean = outcome.ok || outcome.isAlive;
    if (outcome.ok) return outcome;
    if (!outcome.isAlive) await this.close();
    const { reason, detail, fuelUsed, log } = outcome;
    return { ok: false, reason, detail, fuelUsed, log };
  }

  /** Gives the worker back where it did well, and ends it otherwise. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#host?.[Symbol.dispose]();
    const forgotten =
      this.#isClean &&
      this.memoryPages <= KEPT_PAGES &&
      !this.#workers.isClosed &&
      (await converse(this.#worker, { kind: 'close' } satisfies ToWorker, {
        isClosed: () => true,
      }).catch(() => undefined));
    if (typeof forgotten === 'object' && !this.#workers.isClosed) this.#workers.release(this.#worker);
    else void this.#workers.discard(this.#worker);
  }
}

/** Opens a place where scripts run; `Symbol.asyncDispose` ends its workers. Starts nothing before it is used. */
export function openQuickJs({ workers: most = 2, idleMs = 5_000, cache }: QuickJsOptions = {}): QuickJs {
  const workers = new Workers({
    entry: '@hypermesh/metered-wasm/quickjs/worker',
    workers: most,
    stackMb: STACK_MB,
    idleMs,
  });

  async function stand(
    request: ScriptProgram & ScriptLimits & ScriptGrants & { readonly signal?: AbortSignal | undefined },
  ): Promise<
    | { readonly ok: true; readonly standing: Standing; readonly opened: StepOutcome & { ok: true } }
    | ScriptFailed
  > {
    checkProgram(request);
    const { files, entry, fuel, memoryPages, deadlineMs, clockMs, randomSeed, host, signal } = request;
    const fault = memoryFault(memoryPages);
    if (fault !== undefined) return { ok: false, reason: 'memory', detail: fault, fuelUsed: 0n, log: [] };
    signal?.throwIfAborted();
    const engine = await meteredEngine(cache);
    const side = host === undefined ? undefined : await hostSide(host);
    const worker = await workers.acquire(signal);
    const standing = new Standing(engine, workers, worker, side);
    try {
      signal?.throwIfAborted();
      const opened = await standing.step(
        {
          kind: 'open',
          engine: engine.module,
          files,
          entry,
          fuel,
          memoryPages: usablePages(memoryPages),
          ...(clockMs === undefined ? {} : { clockMs }),
          ...(randomSeed === undefined ? {} : { randomSeed }),
          ...(side === undefined ? {} : { host: side.grant }),
        },
        { deadlineMs, signal },
      );
      if (opened.ok) return { ok: true, standing, opened };
      await standing.close();
      return opened;
    } catch (error) {
      await standing.close();
      throw error;
    }
  }

  return {
    async engine() {
      return (await meteredEngine(cache)).cid;
    },

    async run(request) {
      const { input, call = 'default', fuel, maxOutputBytes = MAX_OUTPUT_BYTES, signal } = request;
      checkName(call);
      const packed = packValue(input);
      const inputCid = cidOf(packed.bytes, 'raw');
      const inputKind = kindName(packed);
      const stood = await stand(request);
      if (!stood.ok) return stood;
      const { standing, opened } = stood;
      try {
        const message: CallMessage = {
          kind: 'call',
          name: call,
          input: packed,
          fuel: fuel - opened.fuelUsed,
          maxOutputBytes,
        };
        const deadlineMs = Math.max(
          1,
          Math.ceil(request.deadlineMs - (performance.now() - standing.startedMs)),
        );
        const outcome = await standing.step(message, { deadlineMs, signal });
        if (!outcome.ok) return inAll(outcome, opened, request);
        const fuelUsed = opened.fuelUsed + outcome.fuelUsed;
        const { clockMs, randomSeed } = request;
        const receipt: ScriptReceipt = {
          v: 1,
          engine: standing.engine.cid,
          prelude: PRELUDE_CID,
          code: opened.code as string,
          entry: request.entry,
          call,
          inputKind,
          input: inputCid,
          ...(clockMs === undefined ? {} : { clockMs }),
          ...(randomSeed === undefined ? {} : { randomSeed: new Uint8Array(randomSeed) }),
          memoryLimitPages: usablePages(request.memoryPages),
          outputKind: kindName(outcome.output),
          output: outcome.cid,
          fuel: fuelUsed,
          memoryPages: outcome.memoryPages,
          profile: PROFILE,
        };
        const log = [...opened.log, ...outcome.log];
        return answeredOf(outcome, fuelUsed, request.host === undefined ? { log, receipt } : { log });
      } finally {
        await standing.close();
      }
    },

    async open(request) {
      const stood = await stand(request);
      if (!stood.ok) return stood;
      const { standing, opened } = stood;
      let last: Promise<unknown> = Promise.resolve();
      const session: ScriptSession = {
        get isOpen() {
          return standing.isOpen;
        },
        get memoryPages() {
          return standing.memoryPages;
        },
        call(name, input, { fuel, deadlineMs, maxOutputBytes = MAX_OUTPUT_BYTES, signal }) {
          checkName(name);
          checkLimits({ fuel, deadlineMs });
          const message: CallMessage = { kind: 'call', name, input: packValue(input), fuel, maxOutputBytes };
          const turn = last.then(async (): Promise<ScriptResult> => {
            signal?.throwIfAborted();
            try {
              const outcome = await standing.step(message, { deadlineMs, signal });
              return outcome.ok ? answeredOf(outcome, outcome.fuelUsed, outcome) : outcome;
            } catch (error) {
              await standing.close();
              throw error;
            }
          });
          last = turn.catch(() => undefined);
          return turn;
        },
        [Symbol.asyncDispose]: () => standing.close(),
      };
      return { ok: true, session, fuelUsed: opened.fuelUsed, log: opened.log };
    },

    [Symbol.asyncDispose]: () => workers.close(),
  };
}

function answeredOf(
  { output, memoryPages }: StepOutcome & { ok: true },
  fuelUsed: bigint,
  { log, receipt }: Pick<ScriptAnswered, 'log' | 'receipt'>,
): ScriptAnswered {
  return {
    ok: true,
    get output() {
      return unpackValue(output);
    },
    ...{ outputBytes: output.bytes, fuelUsed, memoryPages, log },
    ...(receipt === undefined ? {} : { receipt }),
  };
}

/** A failure of the call, with what the loading before it cost. */
function inAll(
  failed: ScriptFailed,
  opened: { readonly fuelUsed: bigint; readonly log: readonly string[] },
  { fuel }: ScriptLimits,
): ScriptFailed {
  const { fuelUsed, reason, detail, log } = failed;
  return {
    ...failed,
    detail: reason === 'out-of-fuel' ? `more than ${fuel} fuel` : detail,
    log: [...opened.log, ...log],
    ...(fuelUsed === undefined ? {} : { fuelUsed: fuelUsed + opened.fuelUsed }),
  };
}
