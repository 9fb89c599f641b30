import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding.ts';
import { isLibrary, type Manifest, type Member, type Workspace } from './workspace.ts';

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

/** What every manifest must say: how it is tested alone, that it runs nothing on install, and what it exports packed. */
export function checkManifests(workspace: Workspace): Finding[] {
  return workspace.members.flatMap((member) => {
    const faults = [...judgeAny(workspace, member), ...(isLibrary(member) ? judgeLibrary(member) : [])];
    return faults.map((message) => ({ file: `${member.folder}/package.json`, message }));
  });
}

function judgeAny({ root }: Workspace, { folder, manifest, tags }: Member): string[] {
  const { scripts = {} } = manifest;
  const faults = INSTALL_SCRIPTS.filter((name) => name in scripts).map(
    (name) => `the script ${name} runs on install`,
  );
  if (tags.length !== 1) faults.push(`turbo.json beside it should give one tag, the layer`);
  if (manifest.license !== 'Apache-2.0') faults.push('license should be Apache-2.0');
  if (manifest.engines !== undefined) {
    faults.push('engines belong into publishConfig: here pnpm warns of them on every older host');
  }
  const command = `node ../../tools/repo/src/test.ts ${folder}`;
  if (existsSync(join(root, folder, 'test')) && scripts['test'] !== command) {
    faults.push(`the script test should be "${command}"`);
  }
  return faults;
}

function judgeLibrary({ manifest }: Member): string[] {
  const { exports = {}, publishConfig } = manifest;
  const packed = publishConfig?.exports ?? {};
  const faults = [...new Set([...Object.keys(exports), ...Object.keys(packed)])].flatMap((path) =>
    judgeExport(path, exports[path], packed[path]),
  );
  if (publishConfig?.access !== 'public') faults.push('publishConfig.access should be public');
  if (publishConfig?.engines?.node === undefined) faults.push('publishConfig.engines.node is missing');
  return faults;
}

type Target = NonNullable<Manifest['exports']>[string];

function judgeExport(path: string, here: Target | undefined, packed: Target | undefined): string[] {
  if (typeof here === 'string' && here === packed) return [];
  if (typeof here !== 'object' || typeof packed !== 'object') {
    return [`exports and publishConfig.exports should both have "${path}", with conditions`];
  }
  const source = here['@hypermesh/source'];
  if (source === undefined) return [`exports["${path}"] needs the condition @hypermesh/source`];
  const stem = source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '');
  const isSame = [here, packed].every(
    (target) => target.types === `${stem}.d.ts` && target.default === `${stem}.js`,
  );
  if (!isSame)
    return [`"${path}" should lead to ${stem}.d.ts and ${stem}.js in exports and publishConfig.exports`];
  return '@hypermesh/source' in packed
    ? [`publishConfig.exports["${path}"] should not lead to the source`]
    : [];
}
