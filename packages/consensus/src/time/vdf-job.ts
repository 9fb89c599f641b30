import type { VdfBackend } from './modexp.ts';
import { evaluate, proofOf } from './wesolowski.ts';

/** Asks a worker for a delay, with its proof where `wantsProof`. */
export interface VdfJob {
  readonly input: Uint8Array;
  readonly iterations: number;
  readonly wantsProof: boolean;
  readonly backend: VdfBackend;
}

export interface VdfJobResult {
  readonly y: Uint8Array;
  readonly proof?: Uint8Array;
}

/** Runs a delay in this thread, from start to end. */
export function runVdfJob(job: VdfJob): VdfJobResult {
  const evaluated = evaluate(job.input, job.iterations, job.backend);
  if (!job.wantsProof) return { y: evaluated.y };
  return { y: evaluated.y, proof: proofOf(job.input, job.iterations, evaluated, job.backend) };
}
