import { CatalogError } from '../errors.ts';

/** What a spec is answered with that no source takes. */
export function unknownSource(spec: string): CatalogError {
  return new CatalogError(
    { code: 'catalog/unknown-source', spec, next: 'give the folder of a package, or npm:NAME@VERSION' },
    `Nothing here reads packages from ${JSON.stringify(spec)}`,
  );
}
