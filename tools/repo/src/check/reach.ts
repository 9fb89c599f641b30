import { existsSync } from 'node:fs';
import { join, normalize, sep } from 'node:path';
import { importsOf } from './source.ts';
import { isLibrary, type Member, readText, type Workspace } from './workspace.ts';

/** The outside packages that shipped code imports, each with the files that do, found from the entries down. */
export function reachPackages(workspace: Workspace): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const seen = new Set<string>();
  const queue = workspace.members
    .filter((member) => isLibrary(member) || member.folder.startsWith('apps/'))
    .flatMap((member) => entriesOf(workspace, member).map((file) => ({ member, file })));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { member, file } = next;
    if (seen.has(file) || !existsSync(join(workspace.root, file))) continue;
    seen.add(file);
    for (const { specifier, isTypeOnly } of importsOf(file, readText(workspace, file))) {
      if (isTypeOnly || specifier.startsWith('node:')) continue;
      const sibling = workspace.members.find(({ manifest }) => isBelow(specifier, manifest.name));
      if (specifier.startsWith('.')) queue.push({ member, file: toSource(join(file, '..', specifier)) });
      else if (sibling !== undefined) queue.push({ member: sibling, file: exportOf(sibling, specifier) });
      else if (isDeclared(member, packageOf(specifier))) {
        found.set(packageOf(specifier), [...(found.get(packageOf(specifier)) ?? []), file]);
      }
    }
  }
  return found;
}

/** Source entries of a member: its exports, its binaries, and `src/main.ts` of an app. */
function entriesOf({ root }: Workspace, { folder, manifest }: Member): string[] {
  const exported = Object.values(manifest.exports ?? {}).flatMap((target) =>
    typeof target === 'string' ? [target] : (target['@hypermesh/source'] ?? []),
  );
  const binaries = typeof manifest.bin === 'string' ? [manifest.bin] : Object.values(manifest.bin ?? {});
  const inside = [...exported, ...binaries].map((path) => toSource(join(folder, path)));
  return [...inside, `${folder}/src/main.ts`].filter(
    (file) => /\.[cm]?[jt]s$/.test(file) && existsSync(join(root, file)),
  );
}

function exportOf({ folder, manifest }: Member, specifier: string): string {
  const target = manifest.exports?.[`.${specifier.slice(manifest.name.length)}`];
  const path = typeof target === 'string' ? target : (target?.['@hypermesh/source'] ?? target?.default ?? '');
  return toSource(join(folder, path));
}

/** What is built comes from the source of the same name. */
function toSource(path: string): string {
  const file = normalize(path).replaceAll(sep, '/');
  return file.includes('/dist/') ? file.replace('/dist/', '/src/').replace(/\.js$/, '.ts') : file;
}

function isBelow(specifier: string, name: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`);
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function isDeclared({ manifest }: Member, name: string): boolean {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
  return name in dependencies || name in optionalDependencies || name in peerDependencies;
}
