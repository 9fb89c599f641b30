import { HyperMeshError } from '@hypermesh/core';

/** Why a call into TrustChain could not be served: misuse, or an environment that lacks something. */
export type TrustchainFailure =
  | { readonly code: 'trustchain/unknown-suite'; readonly suite: string }
  | { readonly code: 'trustchain/backend-absent'; readonly suite: string; readonly backend: string }
  | { readonly code: 'trustchain/worker-failed'; readonly task: string }
  | { readonly code: 'trustchain/exists'; readonly path: string }
  | { readonly code: 'trustchain/storage-failed'; readonly operation: string }
  | { readonly code: 'trustchain/log-locked'; readonly directory: string }
  | { readonly code: 'trustchain/log-corrupt'; readonly problem: LogProblem; readonly size: number }
  | { readonly code: 'trustchain/closed'; readonly resource: string }
  | { readonly code: 'trustchain/bad-argument'; readonly argument: string; readonly expected: string };

/**
 * What is wrong with a log's files: another log's journal, a damaged record before acknowledged ones, a checkpoint that
 * the entries do not give, or fewer entries than were published.
 */
export type LogProblem = 'foreign' | 'damaged' | 'rewritten' | 'rolled-back';

/** The error of this package; branch on `code`. */
export class TrustchainError extends HyperMeshError<TrustchainFailure> {
  override readonly name = 'TrustchainError';
}

/** A call that is wrong whatever the world holds: `argument` is not what was `expected`. The value is never shown. */
export function badArgument(argument: string, expected: string, options?: ErrorOptions): TrustchainError {
  return new TrustchainError(
    { code: 'trustchain/bad-argument', argument, expected },
    `${argument} must be ${expected}`,
    options,
  );
}

/** The disk did not do what it was asked to: `operation` says what, `cause` why. */
export function storageFailed(operation: string, cause: unknown): TrustchainError {
  return new TrustchainError(
    { code: 'trustchain/storage-failed', operation },
    `the disk refused to ${operation}`,
    {
      cause,
    },
  );
}
