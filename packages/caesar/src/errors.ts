import { HyperMeshError } from '@hypermesh/core';

/** Misuse or a damaged state; requests that the rules refuse get a verdict instead. */
export type CaesarFailure =
  | { readonly code: 'caesar/bad-argument'; readonly argument: string; readonly expected: string }
  /** A record of the state is not what this package wrote there. */
  | { readonly code: 'caesar/damaged-state'; readonly key: string };

/** The error of this package; branch on `code`. */
export class CaesarError extends HyperMeshError<CaesarFailure> {
  override readonly name = 'CaesarError';
}
