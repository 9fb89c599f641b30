import { CatalogError } from './errors.ts';

/** A call that breaks its contract: which argument, and what it takes instead. */
export function badArgument(argument: string, expected: string): CatalogError {
  return new CatalogError({ code: 'catalog/bad-argument', argument, expected }, `${argument}: ${expected}`);
}
