import type { Verdict } from '@hypermesh/core';
import { bytesOf } from '../bytes.ts';
import { ConsensusError } from '../errors.ts';
import { hasWorkers, runJob } from '../worker-pool.ts';
import { defaultBackend, type VdfBackend } from './modexp.ts';
import { runVdfJob, type VdfJobResult } from './vdf-job.ts';
import { MAX_ITERATIONS, type VdfReason, verifyWesolowski } from './wesolowski.ts';

export interface VdfClaim {
  readonly input: Uint8Array | string;
  readonly iterations: number;
  readonly y: Uint8Array | string;
  readonly proof: Uint8Array | string;
}

/** A verifiable delay. Elements and proofs have 256 bytes; `input` is any bytes, given as such or as hex. */
export interface Vdf {
  readonly group: 'rsa-2048';
  /** y alone: `iterations` squarings one after the other, in a worker thread (about a million a second). */
  evaluate(
    input: Uint8Array | string,
    iterations: number,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array>;
  /** y with its proof, at twice the cost. */
  prove(
    input: Uint8Array | string,
    iterations: number,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly y: Uint8Array; readonly proof: Uint8Array }>;
  /** 2 to 3 ms whatever `iterations` is; never throws. */
  verify(claim: VdfClaim): Verdict<object, VdfReason>;
}

const badArgument = (argument: string, expected: string): ConsensusError =>
  new ConsensusError(
    { code: 'consensus/bad-argument', argument, expected },
    `${argument} must be ${expected}`,
  );

async function run(
  input: Uint8Array | string,
  iterations: number,
  options: { readonly signal?: AbortSignal | undefined; wantsProof: boolean; backend: VdfBackend },
): Promise<VdfJobResult> {
  const { signal, wantsProof, backend } = options;
  const bytes = bytesOf(input);
  const isCount = Number.isInteger(iterations) && iterations >= 1 && iterations <= MAX_ITERATIONS;
  if (bytes === undefined || !isCount) {
    const [argument, expected] = isCount
      ? (['input', 'bytes or hex'] as const)
      : (['iterations', `1 to ${MAX_ITERATIONS}`] as const);
    throw badArgument(argument, expected);
  }
  // A copy: the job may wait, and the caller's bytes may change meanwhile.
  const job = { input: new Uint8Array(bytes), iterations, wantsProof, backend };
  return hasWorkers ? runJob('vdf', job, { signal }) : runVdfJob(job);
}

/**
 * The verifiable delay of Wesolowski (eprint 2018/623) in Z_N*\/{±1} with the RSA-2048 challenge number. Sequential
 * as far as is known while N is not factored; not post-quantum; not audited. `backend` is chosen by the host; both
 * give the same bytes.
 */
export function vdf(group: 'rsa-2048', options: { readonly backend?: VdfBackend } = {}): Vdf {
  const { backend = defaultBackend } = options;
  if (group !== 'rsa-2048') throw badArgument('group', "'rsa-2048'");
  return {
    group,
    async evaluate(input, iterations, { signal } = {}) {
      return (await run(input, iterations, { signal, wantsProof: false, backend })).y;
    },
    async prove(input, iterations, { signal } = {}) {
      const { y, proof } = await run(input, iterations, { signal, wantsProof: true, backend });
      return { y, proof: proof as Uint8Array };
    },
    verify(claim) {
      const input = bytesOf(claim?.input);
      const y = bytesOf(claim?.y);
      const proof = bytesOf(claim?.proof);
      if (input === undefined || y === undefined || proof === undefined)
        return { ok: false, reason: 'malformed' };
      return verifyWesolowski({ input, iterations: claim.iterations, y, proof }, backend);
    },
  };
}
