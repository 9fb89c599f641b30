import { parentPort } from 'node:worker_threads';
import { runPlotJob } from './space/plot-job.ts';
import { runVdfJob } from './time/vdf-job.ts';
import type { JobReply, JobRequest } from './worker-jobs.ts';

/** Entry of this package's worker threads: one request at a time, answered by its id. */
parentPort?.on('message', (request: JobRequest) => {
  const reply = (message: JobReply, transfer: ArrayBuffer[] = []) =>
    parentPort?.postMessage(message, transfer);
  const { id } = request;
  try {
    if (request.job === 'plot') {
      const { input } = request as JobRequest<'plot'>;
      const output = runPlotJob(input, (progress) => reply({ id, progress }));
      reply({ id, output }, output.image === undefined ? [] : [output.image.buffer as ArrayBuffer]);
    } else {
      const { input } = request as JobRequest<'vdf'>;
      reply({ id, output: runVdfJob(input) });
    }
  } catch (error) {
    reply({ id, failure: error instanceof Error ? error.message : String(error) });
  }
});
