import { parentPort } from 'node:worker_threads';
import { runPlotJob } from './space/plot-job.ts';
import { runVdfJob } from './time/vdf-job.ts';
import { runVerifyJob } from './verify-job.ts';
import type { JobReply, JobRequest } from './worker-jobs.ts';

/** Entry of this package's worker threads: one request at a time, answered by its id. */
parentPort?.on('message', (request: JobRequest) => {
  const reply = (message: JobReply, transfer: ArrayBuffer[] = []) =>
    parentPort?.postMessage(message, transfer);
  const { id } = request;
  const run = async (): Promise<void> => {
    if (request.job === 'plot') {
      const output = runPlotJob(request.input, (progress) => reply({ id, progress }));
      reply({ id, output }, output.image === undefined ? [] : [output.image.buffer as ArrayBuffer]);
    } else if (request.job === 'vdf') {
      reply({ id, output: runVdfJob(request.input) });
    } else {
      reply({ id, output: await runVerifyJob(request.input) });
    }
  };
  run().catch((error: unknown) => {
    reply({ id, failure: error instanceof Error ? error.message : String(error) });
  });
});
