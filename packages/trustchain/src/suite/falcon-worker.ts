import type { Worker } from 'node:worker_threads';
import { workerFlags } from '@hypermesh/core';
import { TrustchainError } from '../errors.ts';
import { openFalconEngine, performFalconTask } from './falcon-engine.ts';
import type { FalconAnswer, FalconRequest, FalconResults, FalconTask } from './falcon-task.ts';
import type { WaitOptions } from './suite.ts';

interface Pending {
  readonly task: string;
  settle(answer: FalconAnswer): void;
  fail(error: unknown): void;
}

/** Node's threads where there are any. In a browser a task is done where it is asked for: ask in a Web Worker. */
const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads');

/** How long the worker is kept for the next task: it holds some 30 MB, and starts in a tenth of a second. */
const idleMs = 5_000;

/** One worker a process, started at the first task and ended when idle; it does not keep the process alive. */
let worker: Worker | undefined;
let ending: NodeJS.Timeout | undefined;
let lastId = 0;
const pending = new Map<number, Pending>();

/** Does `work` in the worker. Rejects with `trustchain/worker-failed`, the signal's reason, or what the engine said. */
export function runFalconTask<T extends FalconTask>(
  work: T,
  { signal }: WaitOptions = {},
): Promise<FalconResults[T['task']]> {
  if (threads === undefined) return runHere(work, signal);
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    lastId += 1;
    const id = lastId;
    post({ id, work });
    const abort = () => finish(() => reject(signal?.reason));
    const finish = (then: () => void) => {
      signal?.removeEventListener('abort', abort);
      pending.delete(id);
      if (pending.size === 0) rest();
      then();
    };
    signal?.addEventListener('abort', abort, { once: true });
    pending.set(id, {
      task: work.task,
      fail: (error) => finish(() => reject(error)),
      settle: (answer) =>
        finish(() => {
          if (answer.ok) resolve(answer.result as FalconResults[T['task']]);
          else if (answer.failed === 'work') reject(new Error(answer.message));
          else reject(failure(work.task, new Error(answer.message)));
        }),
    });
  });
}

async function runHere<T extends FalconTask>(
  work: T,
  signal: AbortSignal | undefined,
): Promise<FalconResults[T['task']]> {
  const engine = await openFalconEngine(work.backend);
  signal?.throwIfAborted();
  return (await performFalconTask(engine, work)) as FalconResults[T['task']];
}

/** Sends a task; where that fails nothing waits for its answer, and the worker does not keep the process alive. */
function post(request: FalconRequest): void {
  try {
    clearTimeout(ending);
    worker ??= start();
    worker.ref();
    worker.postMessage(request);
  } catch (cause) {
    if (pending.size === 0) rest();
    throw failure(request.work.task, cause);
  }
}

/** Nothing is asked of the worker now. */
function rest(): void {
  const idle = worker;
  idle?.unref();
  clearTimeout(ending);
  ending = setTimeout(() => {
    if (worker === idle) worker = undefined;
    void idle?.terminate();
  }, idleMs).unref();
}

function start(): Worker {
  if (threads === undefined) throw new Error('no threads here');
  const started = new threads.Worker(new URL(import.meta.resolve('@hypermesh/trustchain/worker')), {
    name: 'hypermesh-trustchain',
    execArgv: workerFlags(process.execArgv),
  });
  const lost = (cause: unknown) => {
    if (worker !== started) return;
    worker = undefined;
    for (const waiting of [...pending.values()]) waiting.fail(failure(waiting.task, cause));
  };
  started.on('message', (answer: FalconAnswer) => pending.get(answer.id)?.settle(answer));
  started.on('error', lost);
  started.on('messageerror', lost);
  started.on('exit', (code) => lost(new Error(`the worker ended with ${code}`)));
  return started;
}

function failure(task: string, cause: unknown): TrustchainError {
  return new TrustchainError({ code: 'trustchain/worker-failed', task }, `the worker failed at ${task}`, {
    cause,
  });
}
