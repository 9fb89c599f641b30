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
}

const MAX_IDLE = 1;
const maxThreads = 2;
const idle: Worker[] = [];
const queue: Waiting[] = [];
let running = 0;
let nextId = 1;

/** Whether this host can run worker threads; without them jobs run where they are asked for. */
export const hasWorkers: boolean = nodeThreads !== undefined;

function openWorker(): Worker {
  const threads = nodeThreads as NonNullable<typeof nodeThreads>;
  const worker = new threads.Worker(new URL(import.meta.resolve('@hypermesh/consensus/worker')));
  worker.unref();
  return worker;
}

function start(waiting: Waiting): void {
  const { request, options } = waiting;
  const { signal } = options;
  const worker = idle.pop() ?? openWorker();
  running++;
  worker.ref();
  const leave = (reuse: boolean): void => {
    running--;
    worker.off('message', onMessage).off('error', fail).off('exit', onExit);
    signal?.removeEventListener('abort', abort);
    worker.unref();
    if (reuse && idle.length < MAX_IDLE) idle.push(worker);
    else void worker.terminate();
    const next = queue.shift();
    if (next !== undefined) start(next);
  };
  const abort = (): void => {
    leave(false);
    waiting.reject(signal?.reason);
  };
  const fail = (cause: unknown): void => {
    leave(false);
    waiting.reject(
      new ConsensusError({ code: 'consensus/worker-failed', job: request.job }, 'a worker thread failed', {
        cause,
      }),
    );
  };
  signal?.addEventListener('abort', abort, { once: true });
  const onExit = (code: number): void => fail(new Error(`worker exited with ${code}`));
  const onMessage = (reply: JobReply): void => {
    if (reply.id !== request.id) return;
    if ('progress' in reply) return options.onProgress?.(reply.progress);
    if ('failure' in reply) return fail(new Error(reply.failure));
    leave(true);
    waiting.resolve(reply.output);
  };
  worker.on('message', onMessage).on('error', fail).on('exit', onExit);
  worker.postMessage(request);
}

/** Runs a job on one of at most two threads, in order of arrival. An idle thread does not keep the process alive. */
export function runJob<Name extends JobName>(
  job: Name,
  input: WorkerJobs[Name]['input'],
  options: JobOptions = {},
): Promise<WorkerJobs[Name]['output']> {
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const forget = (): void => {
      const at = queue.indexOf(waiting);
      if (at < 0) return;
      queue.splice(at, 1);
      reject(signal?.reason);
    };
    const waiting: Waiting = {
      request: { id: nextId++, job, input },
      options,
      resolve: resolve as (output: unknown) => void,
      reject,
    };
    if (running < maxThreads) return start(waiting);
    signal?.addEventListener('abort', forget, { once: true });
    queue.push(waiting);
  });
}
