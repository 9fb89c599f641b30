import { HyperMeshError } from '@hypermesh/core';

/** Everything that this package throws, told apart by `code`. Bad input from outside gets a verdict instead. */
export type CatalogFailure =
  | { readonly code: 'catalog/bad-argument'; readonly argument: string; readonly expected: string }
  | { readonly code: 'catalog/files'; readonly path: string; readonly detail: string };

/** The error of this package; branch on `code`, read details from `failure`. */
export class CatalogError extends HyperMeshError<CatalogFailure> {
  override readonly name = 'CatalogError';
}

/** A call that breaks its contract: which argument, and what it takes instead. */
export function badArgument(argument: string, expected: string): CatalogError {
  return new CatalogError({ code: 'catalog/bad-argument', argument, expected }, `${argument}: ${expected}`);
}
