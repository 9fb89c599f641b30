import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readPackage } from '../package/read.ts';
import type { PackageLimits, PackageProblem } from '../package/rules.ts';
import type { ExtensionPackage } from './ports.ts';

/** Reads every folder of a directory that holds a `manifest.json`, in the order of their names. */
export async function readFolders(
  directory: string,
  options: PackageLimits & { readonly signal?: AbortSignal | undefined },
): Promise<{
  readonly packages: readonly ExtensionPackage[];
  readonly refused: readonly { readonly origin: string; readonly problem: PackageProblem }[];
}> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const packages: ExtensionPackage[] = [];
  const refused: { origin: string; problem: PackageProblem }[] = [];
  for (const origin of names.sort()) {
    const read = await readPackage(join(directory, origin), options);
    if (!read.ok) refused.push({ origin, problem: read.reason });
    else if (read.files.has('manifest.json')) packages.push({ files: read.files, origin });
  }
  return { packages, refused };
}
