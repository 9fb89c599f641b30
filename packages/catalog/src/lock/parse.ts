import { parseCid } from '@hypermesh/core';
import { isPackageName } from '../document/names.ts';
import type { DocumentProblem } from '../document/problems.ts';
import { Fields, list, quantity, type Read, text } from '../document/read.ts';
import { type Located, type Problems, readYaml } from '../document/yaml.ts';
import { isRange, isVersion, satisfies } from '../solver/versions.ts';
import type { Lock, LockedPackage } from './lock.ts';

/** A lock that was read and holds together, or everything that is wrong with it. */
export type LockParsing =
  | { readonly ok: true; readonly lock: Lock }
  | { readonly ok: false; readonly errors: readonly DocumentProblem[] };

const LIMITS = { maxBytes: 4 * 2 ** 20, maxValues: 100_000 };

const range = text(512, (value) =>
  isRange(value) ? undefined : { code: 'bad-range', message: 'this is no range of versions; solve again' },
);
const version = text(128, (value) =>
  isVersion(value) ? undefined : { code: 'bad-version', message: 'this is no version; solve again' },
);
const cid = text(128, (value) =>
  parseCid(value).ok ? undefined : { code: 'wrong-value', message: 'this is no content id; solve again' },
);

/** A map from package names to what `read` makes of their values. */
function byName<T>(read: Read<T>): Read<Readonly<Record<string, T>>> {
  return (item, problems) => {
    if (item.value.kind !== 'map') {
      problems.add('wrong-kind', item, 'names with values belong here');
      return undefined;
    }
    const found: [string, T][] = [];
    for (const [name, entry] of item.value.entries) {
      if (!isPackageName(name)) {
        problems.add('bad-name', { path: entry.item.path, at: entry.keyAt }, 'this is no name of a package');
        continue;
      }
      const value = read(entry.item, problems);
      if (value !== undefined) found.push([name, value]);
    }
    return Object.fromEntries(found);
  };
}

function readPackage(key: string, item: Located, problems: Problems): LockedPackage | undefined {
  const split = key.lastIndexOf('@');
  const name = key.slice(0, split);
  const locked = key.slice(split + 1);
  if (split < 1 || !isPackageName(name) || !isVersion(locked)) {
    problems.add('bad-name', item, 'a package is locked as name@version; solve again');
    return undefined;
  }
  const fields = Fields.of(item, problems);
  if (fields === undefined) return undefined;
  const digest = fields.need('digest', cid, 'solve again');
  const root = fields.need('root', cid, 'solve again');
  const bytes = fields.need('bytes', quantity(0, 2 ** 32), 'solve again');
  const signers = fields.take('signers', list(text(256), 64)) ?? [];
  const dependencies = fields.take('dependencies', byName(version)) ?? {};
  fields.end(problems);
  if (digest === undefined || root === undefined || bytes === undefined) return undefined;
  return { name, version: locked, digest, root, bytes, signers, dependencies };
}

/**
 * Reads a `catalog.lock`, at most 4 MiB. Every requirement must be met by a package of the lock, every dependency be
 * one, and each name have one version. Never throws.
 */
export function parseLock(source: string): LockParsing {
  const { root, problems } = readYaml(source, LIMITS);
  const fields = root === undefined ? undefined : Fields.of(root, problems);
  if (fields === undefined) return { ok: false, errors: problems.found };
  fields.need('lockVersion', quantity(1, 1), 'write lockVersion: 1');
  const requirements = fields.need('requirements', byName(range), 'solve again') ?? {};
  const packages: LockedPackage[] = [];
  const places = new Map<string, Located>();
  const readPackages: Read<true> = (item) => {
    if (item.value.kind !== 'map') {
      problems.add('wrong-kind', item, 'packages belong here, as name@version');
      return undefined;
    }
    for (const [key, entry] of item.value.entries) {
      const found = readPackage(key, entry.item, problems);
      if (found === undefined) continue;
      if (places.has(found.name))
        problems.add('duplicate-key', entry.item, `${found.name} is locked twice; keep one version`);
      places.set(found.name, entry.item);
      packages.push(found);
    }
    return true;
  };
  fields.need('packages', readPackages, 'solve again');
  const requirementsAt = fields.place('requirements');
  fields.end(problems);
  if (problems.found.length > 0) return { ok: false, errors: problems.found };

  const versions = new Map(packages.map((one) => [one.name, one.version]));
  for (const [name, wanted] of Object.entries(requirements)) {
    const held = versions.get(name);
    if (requirementsAt !== undefined && (held === undefined || !satisfies(held, wanted))) {
      problems.add(
        'differs',
        requirementsAt,
        `${name} ${wanted} is asked for, ${held ?? 'nothing'} is locked; solve again`,
      );
    }
  }
  for (const { name, dependencies } of packages) {
    for (const [on, wanted] of Object.entries(dependencies)) {
      if (versions.get(on) === wanted) continue;
      problems.add(
        'differs',
        places.get(name) as Located,
        `${name} uses ${on} ${wanted}, which is not locked; solve again`,
      );
    }
  }
  return problems.found.length > 0
    ? { ok: false, errors: problems.found }
    : { ok: true, lock: { requirements, packages } };
}
