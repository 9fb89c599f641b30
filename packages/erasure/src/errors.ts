import { HyperMeshError } from '@hypermesh/core';

/** All ways in which this package is misused; data never throws. */
export type ErasureFailure =
  | { readonly code: 'erasure/bad-argument'; readonly argument: string; readonly expected: string }
  /** A back end was asked for by name that this engine cannot run. */
  | { readonly code: 'erasure/no-backend'; readonly backend: string };

/** Thrown for wrong options. */
export class ErasureError extends HyperMeshError<ErasureFailure> {}

/** An error about one argument. */
export function badArgument(argument: string, expected: string): ErasureError {
  return new ErasureError(
    { code: 'erasure/bad-argument', argument, expected },
    `${argument} must be ${expected}`,
  );
}
