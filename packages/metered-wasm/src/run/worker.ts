import { parentPort } from 'node:worker_threads';
import { runGuest } from './guest.ts';
import type { Job } from './job.ts';

/** What the pool sends: the compiled module, shared and not copied, and the job. */
export interface WorkerRequest {
  readonly module: WebAssembly.Module;
  readonly job: Job;
}

const port = parentPort;
if (port !== null) {
  port.on('message', ({ module, job }: WorkerRequest) => {
    const outcome = runGuest(module, job);
    port.postMessage(outcome, outcome.ok ? [outcome.output.buffer as ArrayBuffer] : []);
  });
  port.postMessage('ready');
}
