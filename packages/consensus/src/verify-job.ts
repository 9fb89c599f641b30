import type { ChainId } from '@hypermesh/core';
import type { HeaderView } from './ports.ts';
import { type ProfileName, profileOf } from './profiles.ts';
import { type OperationRefusal, type ProvenOperation, verifyOperation } from './proof-verify.ts';

/** Asks a worker whether an operation's proofs hold. `header` is the finalized one at the height of its anchor. */
export interface VerifyJob {
  readonly operation: Uint8Array;
  readonly proof: Uint8Array;
  readonly chainId: ChainId;
  readonly profile: ProfileName;
  readonly nowMs: number;
  readonly header: HeaderView | undefined;
}

export type VerifyJobResult = ProvenOperation | OperationRefusal;

/** Runs a verification in this thread. */
export function runVerifyJob(job: VerifyJob): Promise<VerifyJobResult> {
  const { operation, proof, chainId, nowMs, header } = job;
  return verifyOperation(operation, proof, {
    chainId,
    profile: profileOf(job.profile),
    nowMs,
    finalizedHeader: (height) => (header?.height === height ? header : undefined),
  });
}
