import type { Job, Outcome } from './job.ts';
import { converse, type Interruption, Workers } from './workers.ts';

/** How a worker ended a job, or that it was ended over it. */
export type PoolOutcome = Outcome | Interruption;

export interface PoolOptions {
  readonly workers: number;
  /** Stack of a worker's thread; the profile's bound needs 4 MiB. */
  readonly stackMb: number;
  readonly idleMs?: number | undefined;
}

/** Pages of a guest's memory beyond which its worker is ended with it: 16 MiB. */
export const KEPT_PAGES = 256;

export interface PoolRequest {
  readonly module: WebAssembly.Module;
  readonly job: Job;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Workers for one guest at a time each. A worker serves again only after a run that ended well; any other is ended
 * with it and replaced.
 */
export class WorkerPool {
  readonly #workers: Workers;

  constructor(options: PoolOptions) {
    this.#workers = new Workers({ entry: '@hypermesh/metered-wasm/worker', ...options });
  }

  /**
   * Runs one job; `deadlineMs` counts from the moment when a worker that is ready takes it. A worker that has to be
   * ended is not waited for: an engine that is compiling goes on until it has done so.
   */
  async run({ module, job, deadlineMs, signal }: PoolRequest): Promise<PoolOutcome> {
    signal?.throwIfAborted();
    const workers = this.#workers;
    const worker = await workers.acquire(signal);
    if (signal?.aborted === true) {
      workers.release(worker);
      throw signal.reason;
    }
    worker.ref();
    let isClean = false;
    try {
      const outcome = await converse<Outcome>(
        worker,
        { module, job },
        {
          transfer: job.call.kind === 'abi' ? [job.call.input.buffer as ArrayBuffer] : [],
          deadlineMs,
          signal,
          isClosed: () => workers.isClosed,
        },
      );
      // A large memory of a guest that has ended stays until its worker collects it: it goes with the worker.
      isClean = typeof outcome !== 'string' && outcome.ok && outcome.memoryPages <= KEPT_PAGES;
      return outcome;
    } finally {
      if (isClean && !workers.isClosed) workers.release(worker);
      else void workers.discard(worker);
    }
  }

  /** Ends every worker; who waits is told `metered-wasm/closed`. */
  close(): Promise<void> {
    return this.#workers.close();
  }
}
