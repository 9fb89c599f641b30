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
  #starting = 0;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /**
   * Runs one job; `deadlineMs` counts from the moment when a worker that is ready takes it. A worker that has to be
   * ended is not waited for: an engine that is compiling goes on until it has done so.
   */
  async run({ module, job, deadlineMs, signal }: PoolRequest): Promise<PoolOutcome> {
    signal?.throwIfAborted();
    const worker = await this.#acquire(signal);
    if (signal?.aborted === true) {
      this.#release(worker);
      throw signal.reason;
    }
    worker.ref();
    let isClean = false;
    try {
      const outcome = await this.#converse(worker, { module, job }, deadlineMs, signal);
      isClean = typeof outcome !== 'string' && outcome.ok;
      return outcome;
    } finally {
      if (isClean && !this.#isClosed) this.#release(worker);
      else void this.#discard(worker);
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
      const onExit = () => settle(() => reject(this.#isClosed ? closed() : workerFailed(undefined)));
      const onAbort = () => settle(() => reject(signal?.reason));
      const settle = (then: () => void) => {
        clearTimeout(timer);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        signal?.removeEventListener('abort', onAbort);
        then();
      };
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      signal?.addEventListener('abort', onAbort, { once: true });
      const { call } = message.job;
      worker.postMessage(message, call.kind === 'abi' ? [call.input.buffer as ArrayBuffer] : []);
    });
  }

  async #acquire(signal: AbortSignal | undefined): Promise<Worker> {
    if (this.#isClosed) throw closed();
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
      // Workers that were started in advance do not keep the process alive; one that is waited for does.
      for (const worker of this.#all) worker.ref();
      if (this.#all.size + this.#starting < this.#options.workers) void this.#spawn();
    });
  }

  #release(worker: Worker): void {
    worker.unref();
    const next = this.#waiting.shift();
    if (next !== undefined) next.give(worker);
    else this.#idle.push(worker);
  }

  async #discard(worker: Worker): Promise<void> {
    await worker.terminate();
    this.#all.delete(worker);
    if (!this.#isClosed) void this.#spawn();
  }

  /** Starts a worker and hands it on when it is ready. */
  async #spawn(): Promise<void> {
    this.#starting++;
    const failure = await import('node:worker_threads')
      .then(({ Worker }) => (this.#isClosed ? undefined : this.#start(Worker)))
      .then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
    this.#starting--;
    if (failure !== undefined) this.#failToStart(failure.error);
  }

  /** Who waits goes on waiting for the workers that there are, and is told where there is none. */
  #failToStart(error: unknown): void {
    if (this.#all.size + this.#starting > 0) return;
    for (const waiting of this.#waiting.splice(0)) waiting.fail(workerFailed(error));
  }

  #start(Worker: typeof import('node:worker_threads').Worker): void {
    const worker = new Worker(new URL(import.meta.resolve('@hypermesh/metered-wasm/worker')), {
      name: 'metered-wasm',
      env: {},
      execArgv: conditionsOf(process.execArgv),
      resourceLimits: { stackSizeMb: this.#options.stackMb, maxOldGenerationSizeMb: 256 },
    });
    // An error between two runs ends the worker, which is then given to no other.
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      const at = this.#idle.indexOf(worker);
      if (at < 0) return;
      this.#idle.splice(at, 1);
      this.#all.delete(worker);
    });
    this.#all.add(worker);
    const fail = (error: unknown) => {
      this.#all.delete(worker);
      this.#failToStart(error);
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
    for (const waiting of this.#waiting.splice(0)) waiting.fail(closed());
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

function closed(): MeteredWasmError {
  return new MeteredWasmError({ code: 'metered-wasm/closed' }, 'the runner is closed');
}

function workerFailed(cause: unknown): MeteredWasmError {
  return new MeteredWasmError({ code: 'metered-wasm/worker-failed' }, 'a worker ended by itself', { cause });
}
