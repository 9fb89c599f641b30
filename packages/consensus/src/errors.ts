import { HyperMeshError } from '@hypermesh/core';
import type { EngineFailure } from './engine/failure.ts';

/** Why a call could not be served: misuse of this API, or an environment that lacks something. */
export type ConsensusFailure =
  | EngineFailure
  | { readonly code: 'consensus/bad-argument'; readonly argument: string; readonly expected: string }
  | { readonly code: 'consensus/bad-genesis'; readonly reason: string }
  | {
      readonly code: 'consensus/plot-too-large';
      readonly resource: 'memory' | 'disk';
      readonly needBytes: number;
      readonly allowedBytes: number;
    }
  | { readonly code: 'consensus/plot-damaged'; readonly path: string; readonly reason: string }
  | { readonly code: 'consensus/not-a-member'; readonly actor: string }
  | { readonly code: 'consensus/space-miss'; readonly answered: number; readonly needed: number }
  | { readonly code: 'consensus/worker-failed'; readonly job: string };

/** The error of this package; branch on `code`. */
export class ConsensusError extends HyperMeshError<ConsensusFailure> {
  override readonly name = 'ConsensusError';
}
