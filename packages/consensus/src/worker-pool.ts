import type { Worker } from 'node:worker_threads';
import { workerFlags } from '@hypermesh/core';
import { ConsensusError } from './errors.ts';
import { nodeThreads } from './native.ts';
import type { JobName, JobReply, JobRequest, WorkerJobs } from './worker-jobs.ts';

/** Options of one job. `signal` ends the thread that runs it, so that a long computation stops at once. */
export interface JobOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: number) => void) | undefined;
}

interface Waiting {
  readonly request: JobRequest;
  readonly options: JobOptions;
  resolve(output: unknown): void;
  reject(error: unknown): void;
  /** Leaves the queue when told to stop. */
  giveUp?: () => void;
}

type Enqueue = (waiting: Waiting) => void;

/** Whether this host can run worker threads; without them jobs run where they are asked for. */
export const hasWorkers: boolean = nodeThreads !== undefined;

/** Opens a thread; `onGone` hears when it is of no more use, also when that happens while it is idle. */
function openWorker(onGone: (worker: Worker) => void): Worker {
  const threads = nodeThreads as NonNullable<typeof nodeThreads>;
  const worker = new threads.Worker(new URL(import.meta.resolve('@hypermesh/consensus/worker')), {
    execArgv: workerFlags(process.execArgv),
  });
  return worker.on('error', () => onGone(worker)).on('exit', () => onGone(worker));
}

function failed({ job }: JobRequest, cause: unknown): ConsensusError {
  const failure = { code: 'consensus/worker-failed', job } as const;
  return new ConsensusError(failure, `the ${job} worker failed`, { cause });
}

/**
 * At most `maxThreads` threads. One that is idle is kept for `idleMs`, since a thread holds 20 MB and takes 50 ms to
 * start; it does not keep the process alive.
 */
function createPool(maxThreads: number, idleMs: number): Enqueue {
  const idle: { readonly worker: Worker; readonly end: NodeJS.Timeout }[] = [];
  const queue: Waiting[] = [];
  let running = 0;
  const forget = (worker: Worker): void => {
    const at = idle.findIndex((kept) => kept.worker === worker);
    for (const { end } of at < 0 ? [] : idle.splice(at, 1)) clearTimeout(end);
  };
  const keep = (worker: Worker): void => {
    worker.unref();
    const end = setTimeout(() => {
      forget(worker);
      void worker.terminate();
    }, idleMs).unref();
    idle.push({ worker, end });
  };
  const take = (): Worker | undefined => {
    const kept = idle.pop();
    clearTimeout(kept?.end);
    return kept?.worker;
  };

  const next = (): void => {
    const waiting = queue.shift();
    if (waiting !== undefined) start(waiting);
  };

  const start = (waiting: Waiting): void => {
    const { request, options } = waiting;
    const { signal } = options;
    if (waiting.giveUp !== undefined) signal?.removeEventListener('abort', waiting.giveUp);
    let worker: Worker;
    try {
      worker = take() ?? openWorker(forget);
    } catch (cause) {
      waiting.reject(failed(request, cause));
      next();
      return;
    }
    running++;
    worker.ref();
    /** Resolves when the thread rests or is gone, so that nothing is written after a job was told to stop. */
    const leave = async (isReusable: boolean): Promise<void> => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      signal?.removeEventListener('abort', onAbort);
      if (isReusable && idle.length === 0) {
        keep(worker);
      } else {
        await worker.terminate();
      }
      running--;
      next();
    };
    const refuse = (error: unknown, isReusable: boolean): void => {
      const tell = (): void => waiting.reject(error);
      leave(isReusable).then(tell, tell);
    };
    const fail = (cause: unknown, isReusable: boolean): void => refuse(failed(request, cause), isReusable);
    const onAbort = (): void => refuse(signal?.reason, false);
    const onError = (error: Error): void => fail(error, false);
    const onExit = (code: number): void => fail(new Error(`worker exited with ${code}`), false);
    const onMessage = (reply: JobReply): void => {
      if (reply.id !== request.id) return;
      if ('progress' in reply) {
        try {
          options.onProgress?.(reply.progress);
        } catch (error) {
          // The listener's own failure ends the job that it listens to.
          refuse(error, false);
        }
      } else if ('failure' in reply) {
        fail(new Error(reply.failure), true);
      } else {
        void leave(true);
        waiting.resolve(reply.output);
      }
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    try {
      worker.postMessage(request);
    } catch (cause) {
      fail(cause, true);
    }
  };

  return (waiting) => {
    if (running < maxThreads) return start(waiting);
    const { signal } = waiting.options;
    waiting.giveUp = () => {
      queue.splice(queue.indexOf(waiting), 1);
      waiting.reject(signal?.reason);
    };
    signal?.addEventListener('abort', waiting.giveUp, { once: true });
    queue.push(waiting);
  };
}

/** Each sort of job has its own threads: a delay must not wait minutes for plots, nor a verification for either. */
const pools: Readonly<Record<JobName, Enqueue>> = {
  plot: createPool(2, 0),
  vdf: createPool(2, 5_000),
  verify: createPool(1, 30_000),
};
let nextId = 1;

/** Runs a job on a worker thread, in order of arrival among jobs of its sort. */
export function runJob<Name extends JobName>(
  job: Name,
  input: WorkerJobs[Name]['input'],
  options: JobOptions = {},
): Promise<WorkerJobs[Name]['output']> {
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const request = { id: nextId++, job, input } as JobRequest;
    pools[job]({ request, options, resolve: resolve as (output: unknown) => void, reject });
  });
}
