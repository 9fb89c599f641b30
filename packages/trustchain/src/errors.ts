import { HyperMeshError } from '@hypermesh/core';

/** Why a call into TrustChain could not be served: misuse, or an environment that lacks something. */
export type TrustchainFailure =
  | { readonly code: 'trustchain/unknown-suite'; readonly suite: string }
  | { readonly code: 'trustchain/bad-argument'; readonly argument: string; readonly expected: string };

/** The error of this package; branch on `code`. */
export class TrustchainError extends HyperMeshError<TrustchainFailure> {
  override readonly name = 'TrustchainError';
}
