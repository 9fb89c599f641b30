import type { Worker } from 'node:worker_threads';
import { workerFlags } from '@hypermesh/core';
import { MeteredWasmError } from '../errors.ts';

/** Which workers a supply starts, and how many. */
export interface WorkersOptions {
  /** Sub-path export that is a worker's entry, as a bare specifier. */
  readonly entry: string;
  readonly workers: number;
  /** Stack of a worker's thread; the profile's bound needs 4 MiB. */
  readonly stackMb: number;
  /** A worker that nobody used for so long is ended; never, where it is absent. */
  readonly idleMs?: number | undefined;
  /** Heap of a worker in MiB; 256 by default. */
  readonly heapMb?: number;
}

interface Waiting {
  give(worker: Worker): void;
  fail(error: unknown): void;
}

/**
 * Workers that say `ready` and then serve one user at a time each. They start when they are asked for, do not keep the
 * process alive while they are idle, and the last used one is given first.
 */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #waiting: Waiting[] = [];
  readonly #timers = new Map<Worker, NodeJS.Timeout>();
  #starting = 0;
  #isClosed = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A worker that is ready; hand it to `release` or `discard`. */
  async acquire(signal: AbortSignal | undefined): Promise<Worker> {
    if (this.#isClosed) throw closed();
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      clearTimeout(this.#timers.get(idle));
      this.#timers.delete(idle);
      return idle;
    }
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

  /** Takes back a worker that serves again. */
  release(worker: Worker): void {
    worker.unref();
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.give(worker);
      return;
    }
    this.#idle.push(worker);
    const { idleMs } = this.#options;
    if (idleMs === undefined) return;
    const timer = setTimeout(() => this.#retire(worker), idleMs);
    timer.unref();
    this.#timers.set(worker, timer);
  }

  /** Ends a worker; another takes its place where somebody waits. Resolves when its thread is gone. */
  async discard(worker: Worker): Promise<void> {
    await worker.terminate();
    this.#all.delete(worker);
    const isWanted = this.#options.idleMs === undefined || this.#waiting.length > 0;
    if (!this.#isClosed && isWanted) void this.#spawn();
  }

  #retire(worker: Worker): void {
    const at = this.#idle.indexOf(worker);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#timers.delete(worker);
    void this.discard(worker);
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
    const { entry, stackMb, heapMb = 256 } = this.#options;
    const worker = new Worker(new URL(import.meta.resolve(entry)), {
      name: 'metered-wasm',
      env: {},
      execArgv: workerFlags(process.execArgv),
      // A small young generation: what runs here lives in WebAssembly's memory, not in the heap.
      resourceLimits: { stackSizeMb: stackMb, maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 4 },
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
      this.release(worker);
    });
    if (this.#waiting.length === 0) worker.unref();
  }

  /** Ends every worker; who waits is told `metered-wasm/closed`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const waiting of this.#waiting.splice(0)) waiting.fail(closed());
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
    this.#idle.length = 0;
    this.#all.clear();
  }
}

/** How one exchange with a worker ended, apart from its answer. */
export type Interruption = 'deadline' | 'host-memory';

/**
 * Sends one message and waits for one answer. Rejects when aborted or when the worker ends by itself; a worker that is
 * interrupted is still at work, and its user discards it.
 */
export function converse<Answer extends object>(
  worker: Worker,
  message: unknown,
  options: {
    readonly transfer?: readonly ArrayBuffer[];
    readonly deadlineMs?: number;
    readonly signal?: AbortSignal | undefined;
    /** Takes a message that is no answer; true where it was one of those. */
    readonly between?: (message: unknown) => boolean;
    readonly isClosed: () => boolean;
  },
): Promise<Answer | Interruption> {
  const { transfer = [], deadlineMs, signal, between, isClosed } = options;
  return new Promise((resolve, reject) => {
    const timer =
      deadlineMs === undefined ? undefined : setTimeout(() => settle(() => resolve('deadline')), deadlineMs);
    const onMessage = (answer: Answer) => {
      if (between?.(answer) !== true) settle(() => resolve(answer));
    };
    const onError = (error: unknown) =>
      settle(() => {
        const isMemory = (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
        if (isMemory) resolve('host-memory');
        else reject(workerFailed(error));
      });
    const onExit = () => settle(() => reject(isClosed() ? closed() : workerFailed(undefined)));
    const onAbort = () => settle(() => reject(signal?.reason));
    const settle = (then: () => void) => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      signal?.removeEventListener('abort', onAbort);
      then();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal?.addEventListener('abort', onAbort, { once: true });
    worker.postMessage(message, transfer as ArrayBuffer[]);
  });
}

/** What is thrown for whoever comes after the end. */
export function closed(): MeteredWasmError {
  return new MeteredWasmError({ code: 'metered-wasm/closed' }, 'the runner is closed');
}

/** What is thrown where a worker ends by itself. */
export function workerFailed(cause: unknown): MeteredWasmError {
  return new MeteredWasmError({ code: 'metered-wasm/worker-failed' }, 'a worker ended by itself', { cause });
}
