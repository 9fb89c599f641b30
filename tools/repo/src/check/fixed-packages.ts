import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding.ts';
import { reachPackages } from './reach.ts';
import { importsOf } from './source.ts';
import { filesOf, isLibrary, readText, type Workspace } from './workspace.ts';

/** Packages that shipped code must use: imported on a path that starts at an export or at an app's entry. */
export const FIXED_IN_CODE: readonly string[] = [
  '@noble/curves',
  '@noble/post-quantum',
  'multiformats',
  '@chainsafe/libp2p-quic',
  'libp2p',
  'it-pipe',
  'semver',
];

/** Tools that the repository must use, each with what shows that it is at work. */
export const FIXED_TOOLS: Readonly<Record<string, (workspace: Workspace) => boolean>> = {
  turbo: ({ manifest }) => /\bturbo run build\b/.test(manifest.scripts?.['build'] ?? ''),
  tsup: ({ members }) =>
    members.filter(isLibrary).every(({ manifest }) => /\btsup\b/.test(manifest.scripts?.['build'] ?? '')),
  vitest: (workspace) =>
    workspace.members
      .filter(isLibrary)
      .every((member) =>
        filesOf(workspace, member, ['test']).some((file) =>
          importsOf(file, readText(workspace, file)).some(({ specifier }) => specifier === 'vitest'),
        ),
      ),
  '@changesets/cli': ({ root, manifest }) =>
    /\bchangeset publish\b/.test(manifest.scripts?.['release'] ?? '') &&
    existsSync(join(root, '.changeset/config.json')),
};

/** Fixed packages that are not a dependency, or are one that nothing used reaches. */
export function checkFixedPackages(workspace: Workspace): Finding[] {
  const reached = reachPackages(workspace);
  const idle = FIXED_IN_CODE.filter((name) => !reached.has(name)).map(
    (name) => `${name} is not a dependency that shipped code imports, from an export or an app's entry down`,
  );
  const { devDependencies = {} } = workspace.manifest;
  const unused = Object.entries(FIXED_TOOLS)
    .filter(([name, isAtWork]) => !(name in devDependencies && isAtWork(workspace)))
    .map(([name]) => `${name} is not a tool at work here: a devDependency, and used by the scripts`);
  return [...idle, ...unused].map((message) => ({ file: 'package.json', message }));
}
