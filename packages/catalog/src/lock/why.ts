import { type Lock, sortedEntries } from './lock.ts';

/** Most paths that are told. */
const MAX_PATHS = 50;
/** Most beginnings of paths that are looked at. */
const MAX_WORK = 20_000;

/**
 * Why a package is there: paths of `name@version` from something asked for down to it, the shortest first, at most 50.
 * Empty where the lock does not hold it.
 */
export function why(lock: Lock, name: string): readonly (readonly string[])[] {
  const packages = new Map(lock.packages.map((one) => [one.name, one]));
  if (!packages.has(name)) return [];
  const users = new Map<string, string[]>();
  for (const { name: user, dependencies } of lock.packages) {
    for (const on of Object.keys(dependencies)) users.set(on, [...(users.get(on) ?? []), user]);
  }
  // Only what leads to the package is worth a path.
  const leading = new Set([name]);
  for (const one of leading) for (const user of users.get(one) ?? []) leading.add(user);
  const paths: string[][] = sortedEntries(lock.requirements)
    .map(([first]) => [first])
    .filter(([first]) => leading.has(first as string));
  const found: string[][] = [];
  for (let next = 0; next < paths.length && next < MAX_WORK && found.length < MAX_PATHS; next += 1) {
    const path = paths[next] as string[];
    const last = path.at(-1) as string;
    if (last === name) {
      found.push(path.map((one) => `${one}@${packages.get(one)?.version ?? ''}`));
      continue;
    }
    for (const [on] of sortedEntries(packages.get(last)?.dependencies ?? {})) {
      if (leading.has(on) && !path.includes(on)) paths.push([...path, on]);
    }
  }
  return found;
}
