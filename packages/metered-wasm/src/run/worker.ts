import { parentPort } from 'node:worker_threads';
import { runGuest } from './guest.ts';
import type { Job } from './job.ts';
import { Resident } from './resident.ts';

/** What the pool sends: the compiled module, shared and not copied, and the job. */
export interface WorkerRequest {
  readonly module: WebAssembly.Module;
  readonly job: Job;
}

/** What a session sends: a module to keep, and calls of it. */
export type SessionMessage =
  | { readonly keep: WebAssembly.Module }
  | { readonly forget: true }
  | { readonly call: Job & { readonly call: { readonly kind: 'abi' } } };

const port = parentPort;
if (port !== null) {
  let resident: Resident | undefined;
  port.on('message', (message: WorkerRequest | SessionMessage) => {
    if ('job' in message) {
      const outcome = runGuest(message.module, message.job);
      port.postMessage(outcome, outcome.ok ? [outcome.output.buffer as ArrayBuffer] : []);
    } else if ('keep' in message) resident = new Resident(message.keep);
    else if ('forget' in message) resident = undefined;
    else if (resident !== undefined) port.postMessage(resident.call(message.call));
  });
  port.postMessage('ready');
}
