import { type InstalledPackage, keyOf } from './installed.ts';

const mostPaths = 100;

/**
 * Why a package is installed: each path from one that was asked for by name down to it, as keys. An installed package that
 * was asked for itself has the path of itself alone. At most 100 paths.
 */
export function whyInstalled(
  installed: readonly InstalledPackage[],
  wanted: (each: InstalledPackage) => boolean,
): readonly (readonly string[])[] {
  const byKey = new Map(installed.map((each) => [keyOf(each), each]));
  const paths: string[][] = [];
  const walk = (each: InstalledPackage, above: readonly string[]) => {
    const key = keyOf(each);
    if (above.includes(key) || paths.length >= mostPaths) return;
    const path = [...above, key];
    if (wanted(each)) paths.push(path);
    for (const [name, version] of Object.entries(each.dependencies)) {
      const next = byKey.get(`${name}@${version}`);
      if (next !== undefined) walk(next, path);
    }
  };
  for (const each of installed) if (each.requested !== undefined) walk(each, []);
  return paths;
}

/** Keys of installed packages that depend on one, in the order of their keys. */
export function dependentsOf(installed: readonly InstalledPackage[], key: string): readonly string[] {
  return installed
    .filter(({ dependencies }) =>
      Object.entries(dependencies).some(([name, version]) => `${name}@${version}` === key),
    )
    .map(keyOf)
    .sort();
}
