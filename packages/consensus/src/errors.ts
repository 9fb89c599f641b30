import { HyperMeshError } from '@hypermesh/core';
import type { EngineFailure } from './engine/failure.ts';
import type { ProofFailure } from './proof-failure.ts';

/** Why a call could not be served: misuse of this API, or an environment that lacks something. */
export type ConsensusFailure = EngineFailure | ProofFailure;

/** The error of this package; branch on `code`. */
export class ConsensusError extends HyperMeshError<ConsensusFailure> {
  override readonly name = 'ConsensusError';
}
