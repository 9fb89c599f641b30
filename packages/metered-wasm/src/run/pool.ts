import type { Worker } from 'node:worker_threads';
import { MeteredWasmError } from '../errors.ts';
import type { Job, Outcome } from './job.ts';

/** How a worker ended a job, or that it was ended over it. */
export type PoolOutcome = Outcome | 'deadline' | 'host-memory';

export interface PoolOptions {
  readonly workers: number;
  /** Stack of a worker's thread; the profile's bound needs 4 MiB. */
  readonly stackMb: number;
}

export interface PoolRequest {
  readonly module: WebAssembly.Module;
  readonly job: Job;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  give(worker: Worker): void;
  fail(error: unknown): void;
}

/**
 * Workers for one guest at a time each. A worker serves again only after a run that ended well; any other is ended
 * with it and replaced. Idle workers do not keep the process alive.
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #waiting: Waiting[] = [];
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Runs one job; `deadlineMs` counts from the moment when a worker that is ready takes it. */
  async run({ module, job, deadlineMs, signal }: PoolRequest): Promise<PoolOutcome> {
    signal?.throwIfAborted();
    const worker = await this.#acquire(signal);
    worker.ref();
    let isClean = false;
    try {
      const outcome = await this.#converse(worker, { module, job }, deadlineMs, signal);
      isClean = typeof outcome !== 'string' && outcome.ok;
      return outcome;
    } finally {
      if (isClean && !this.#isClosed) this.#release(worker);
      else await this.#discard(worker);
    }
  }

  #converse(
    worker: Worker,
    message: { module: WebAssembly.Module; job: Job },
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<PoolOutcome> {
    return new Promise<PoolOutcome>((resolve, reject) => {
      const timer = setTimeout(() => settle(() => resolve('deadline')), deadlineMs);
      const onMessage = (outcome: Outcome) => settle(() => resolve(outcome));
      const onError = (error: unknown) =>
        settle(() => {
          const isMemory = (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
          if (isMemory) resolve('host-memory');
          else reject(workerFailed(error));
        });
      const onExit = () => settle(() => reject(workerFailed(undefined)));
      const onAbort = () => settle(() => reject(signal?.reason));
      const settle = (then: () => void) => {
        clearTimeout(timer);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        signal?.removeEventListener('abort', onAbort);
        then();
      };
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      signal?.addEventListener('abort', onAbort, { once: true });
      worker.postMessage(message);
    });
  }

  async #acquire(signal: AbortSignal | undefined): Promise<Worker> {
    if (this.#isClosed) throw new MeteredWasmError({ code: 'metered-wasm/closed' }, 'the runner is closed');
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    return new Promise<Worker>((resolve, reject) => {
      const waiting: Waiting = {
        give: (worker) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(worker);
        },
        fail: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      const onAbort = () => {
        const at = this.#waiting.indexOf(waiting);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
      if (this.#all.size < this.#options.workers) void this.#spawn();
    });
  }

  #release(worker: Worker): void {
    worker.unref();
    const next = this.#waiting.shift();
    if (next !== undefined) next.give(worker);
    else this.#idle.push(worker);
  }

  async #discard(worker: Worker): Promise<void> {
    this.#all.delete(worker);
    await worker.terminate();
    if (!this.#isClosed) void this.#spawn();
  }

  /** Starts a worker and hands it on when it is ready. A start that fails is told to who waits longest. */
  async #spawn(): Promise<void> {
    const { Worker } = await import('node:worker_threads');
    if (this.#isClosed) return;
    const worker = new Worker(new URL(import.meta.resolve('@hypermesh/metered-wasm/worker')), {
      name: 'metered-wasm',
      env: {},
      execArgv: conditionsOf(process.execArgv),
      resourceLimits: { stackSizeMb: this.#options.stackMb, maxOldGenerationSizeMb: 256 },
    });
    // An error between two runs ends the worker; the next run that is given it hears of that by `exit`.
    worker.on('error', () => undefined);
    this.#all.add(worker);
    const fail = (error: unknown) => {
      this.#all.delete(worker);
      this.#waiting.shift()?.fail(workerFailed(error));
    };
    worker.once('error', fail);
    worker.once('message', () => {
      worker.off('error', fail);
      this.#release(worker);
    });
    if (this.#waiting.length === 0) worker.unref();
  }

  /** Ends every worker; who waits is told `metered-wasm/closed`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = new MeteredWasmError({ code: 'metered-wasm/closed' }, 'the runner is closed');
    for (const waiting of this.#waiting.splice(0)) waiting.fail(closed);
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
    this.#idle.length = 0;
    this.#all.clear();
  }
}

/** Of this process's flags the ones that lead imports; others, such as an input type, do not fit a worker. */
function conditionsOf(flags: readonly string[]): string[] {
  return flags.flatMap((flag, at) => {
    if (flag.startsWith('--conditions=')) return [flag];
    return flag === '-C' || flag === '--conditions' ? [`--conditions=${flags[at + 1] ?? ''}`] : [];
  });
}

function workerFailed(cause: unknown): MeteredWasmError {
  return new MeteredWasmError({ code: 'metered-wasm/worker-failed' }, 'a worker ended by itself', { cause });
}
