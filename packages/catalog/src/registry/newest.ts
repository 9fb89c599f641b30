import { CatalogError } from '../errors.ts';
import { compareVersions, isRange, satisfies } from '../solver/versions.ts';
import { parseSpec, type RegistrySnapshot, type Release } from './registry.ts';

/** The newest release that `NAME[@RANGE]` allows. Throws `catalog/not-found`, or `catalog/refused` where only entries that are not believed fit. */
export function newestAllowed(snapshot: RegistrySnapshot, spec: string): Release {
  const { name, range } = rangeIn(spec);
  const releases = snapshot.releases(name);
  const found = releases.findLast(({ record: { version } }) => satisfies(version, range));
  if (found !== undefined) return found;
  const isRefused = (key: string) =>
    key.startsWith(`${name}@`) && satisfies(key.slice(name.length + 1), range);
  const refused = snapshot.refused.find(({ key }) => isRefused(key));
  if (refused !== undefined) {
    const { key, check, reason } = refused;
    const next = 'the index has it, and it does not hold: ask another node, then its publisher';
    throw new CatalogError(
      { code: 'catalog/refused', package: key, check, reason, next },
      `${key} is refused: ${check}: ${reason}`,
    );
  }
  const versions = releases.map(({ record: { version } }) => version);
  const next =
    versions.length === 0
      ? `nobody published ${name}`
      : `published versions: ${versions.slice(-10).join(', ')}`;
  throw new CatalogError({ code: 'catalog/not-found', what: spec, next }, `There is no ${spec}`);
}

/** The newest of some name-and-version pairs that `NAME[@RANGE]` allows. */
export function newestInstalled<T extends { readonly name: string; readonly version: string }>(
  all: readonly T[],
  spec: string,
): T | undefined {
  const { name, range } = rangeIn(spec);
  return all
    .filter((each) => each.name === name && satisfies(each.version, range))
    .sort((a, b) => compareVersions(a.version, b.version))
    .at(-1);
}

function rangeIn(spec: string): { readonly name: string; readonly range: string } {
  const parsed = parseSpec(spec);
  if (isRange(parsed.range)) return parsed;
  throw new CatalogError(
    { code: 'catalog/bad-argument', argument: spec, expected: 'NAME[@RANGE], such as anagrams@^1.0.0' },
    `${JSON.stringify(parsed.range)} is no version range`,
  );
}
