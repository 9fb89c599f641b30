import { HyperMeshError } from '@hypermesh/core';

/** Why a call into this package could not be served: misuse, or a machine that can execute nothing. */
export type ExecutorsFailure =
  | { readonly code: 'executors/bad-argument'; readonly argument: string; readonly expected: string }
  | { readonly code: 'executors/closed' }
  /** Two executors offer the same type of program. */
  | { readonly code: 'executors/type-twice'; readonly type: string };

/** The error of this package; branch on `code`. */
export class ExecutorsError extends HyperMeshError<ExecutorsFailure> {
  override readonly name = 'ExecutorsError';
}
