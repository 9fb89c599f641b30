import type { PlotJob, PlotJobResult } from './space/plot-job.ts';
import type { VdfJob, VdfJobResult } from './time/vdf-job.ts';
import type { VerifyJob, VerifyJobResult } from './verify-job.ts';

/** What a worker of this package can be asked, by name: plain data that crosses threads. */
export interface WorkerJobs {
  readonly plot: { readonly input: PlotJob; readonly output: PlotJobResult };
  readonly vdf: { readonly input: VdfJob; readonly output: VdfJobResult };
  readonly verify: { readonly input: VerifyJob; readonly output: VerifyJobResult };
}

export type JobName = keyof WorkerJobs;

/** To the worker. */
export type JobRequest = {
  [Name in JobName]: { readonly id: number; readonly job: Name; readonly input: WorkerJobs[Name]['input'] };
}[JobName];

/** From the worker: progress, the result, or the message of what it threw. */
export type JobReply =
  | { readonly id: number; readonly progress: number }
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly failure: string };
