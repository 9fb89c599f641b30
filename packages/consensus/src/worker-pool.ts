import type { Worker } from 'node:worker_threads';
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
  // A thread inherits the host's flags, and refuses to start under the one that is meant for a program on stdin.
  const execArgv = process.execArgv.filter(
    (flag, i, flags) => !flag.startsWith('--input-type') && flags[i - 1] !== '--input-type',
  );
  const worker = new threads.Worker(new URL(import.meta.resolve('@hypermesh/consensus/worker')), {
    execArgv,
  });
  return worker.on('error', () => onGone(worker)).on('exit', () => onGone(worker));
}

/** At most `maxThreads` threads, of which one is kept when idle; an idle thread does not keep the process alive. */
function createPool(maxThreads: number): Enqueue {
  const idle: Worker[] = [];
  const queue: Waiting[] = [];
  let running = 0;
  const forget = (worker: Worker): void => {
    const at = idle.indexOf(worker);
    if (at >= 0) idle.splice(at, 1);
  };

  const start = (waiting: Waiting): void => {
    const { request, options } = waiting;
    const { signal } = options;
    if (waiting.giveUp !== undefined) signal?.removeEventListener('abort', waiting.giveUp);
    const worker = idle.pop() ?? openWorker(forget);
    running++;
    worker.ref();
    const leave = (isReusable: boolean): void => {
      running--;
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      signal?.removeEventListener('abort', onAbort);
      worker.unref();
      if (isReusable && idle.length === 0) idle.push(worker);
      else void worker.terminate();
      const next = queue.shift();
      if (next !== undefined) start(next);
    };
    const fail = (cause: unknown, isReusable: boolean): void => {
      leave(isReusable);
      const failure = { code: 'consensus/worker-failed', job: request.job } as const;
      waiting.reject(new ConsensusError(failure, `the ${request.job} worker failed`, { cause }));
    };
    const onAbort = (): void => {
      leave(false);
      waiting.reject(signal?.reason);
    };
    const onError = (error: Error): void => fail(error, false);
    const onExit = (code: number): void => fail(new Error(`worker exited with ${code}`), false);
    const onMessage = (reply: JobReply): void => {
      if (reply.id !== request.id) return;
      if ('progress' in reply) {
        options.onProgress?.(reply.progress);
      } else if ('failure' in reply) {
        fail(new Error(reply.failure), true);
      } else {
        leave(true);
        waiting.resolve(reply.output);
      }
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(request);
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

/** Verification never waits behind a plot or a delay. */
const long = createPool(2);
const pools: Readonly<Record<JobName, Enqueue>> = { plot: long, vdf: long, verify: createPool(1) };
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
