import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InstalledPackage, SearchHit, VerifyReport } from '@hypermesh/catalog';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { InstallReport, PublishReport } from '../src/catalog/reports.ts';
import { dataDirectory } from '../src/data-directory.ts';
import { hypermesh, type RunningNode, startNode } from './processes.ts';
import { temporaryDirectory } from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const names = ['amber', 'birch', 'cedar'] as const;
type Name = (typeof names)[number];
const folder = temporaryDirectory();
const pathOf = (name: Name) => join(folder.path, name);
const nodes = {} as Record<Name, RunningNode>;

beforeAll(async () => {
  const made = await hypermesh('init', '--data', pathOf('amber'), '--name', 'amber', '--validators', '3');
  expect(made.code, made.stderr).toBe(0);
  nodes.amber = await startNode(pathOf('amber'));
  const listed = await hypermesh('invite', '--data', pathOf('amber'), '--json');
  const invitations = listed.json()['invitations'] as string[];
  for (const [index, name] of names.slice(1).entries()) {
    const joined = await hypermesh('join', invitations[index] ?? '', '--data', pathOf(name), '--name', name);
    expect(joined.code, joined.stderr).toBe(0);
    nodes[name] = await startNode(pathOf(name));
  }
  await nodes.cedar.call('final', { height: 1 });
});

afterAll(async () => {
  await Promise.all(Object.values(nodes).map((node) => node[Symbol.asyncDispose]()));
  folder[Symbol.dispose]();
});

/** A folder with a package in it. */
function packageFolder(
  name: string,
  version: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  dependencies: Readonly<Record<string, string>> = {},
): string {
  const path = join(folder.path, `${name}-${version}`);
  mkdirSync(path, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(path, file), bytes);
  const document = {
    apiVersion: 'catalog.v1',
    kind: 'AssetPackage',
    metadata: { name, version, tags: ['test'] },
    spec: {
      description: `the library ${name}`,
      type: 'library.javascript',
      content: { files: Object.keys(files), entrypoint: 'index.js' },
      dependencies: Object.entries(dependencies).map(([on, range]) => ({ name: on, version: range })),
    },
  };
  writeFileSync(join(path, 'catalog.yaml'), JSON.stringify(document));
  return path;
}

async function publish(source: string): Promise<PublishReport> {
  const published = await nodes.amber.call<PublishReport>('publish', { source });
  for (const name of ['birch', 'cedar'] as const)
    await nodes[name].call('final', { height: published.height });
  return published;
}

/** Where a node keeps the unpacked files of what it installed. */
async function treeOf(name: Name, spec: string): Promise<string> {
  const { checks } = await nodes[name].call<VerifyReport>('verify', { spec });
  const tree = checks.find(({ check }) => check === 'tree')?.detail;
  if (tree === undefined || tree === '') throw new Error(`${name} has no tree of ${spec}`);
  return tree;
}

describe('a script that three nodes have', () => {
  it('runs with an input of the asker and a library of its package, writes its output to a file, and every node says whether it can run it [executors-01]', async () => {
    const reverse = {
      'index.js': 'module.exports = (text) => [...text].reverse().join("");',
      'package.json': '{}',
    };
    await publish(packageFolder('reverse', '1.0.0', reverse));
    const source = `import reverse from 'reverse';
      export default (input) => reverse(new TextDecoder().decode(input));`;
    await publish(packageFolder('reverser', '1.0.0', { 'index.js': source }, { reverse: '^1.0.0' }));
    const at = (name: string) => join(folder.path, name);
    writeFileSync(at('input.txt'), 'straw warts, said twice');
    const data = ['--data', pathOf('birch'), '--json'];
    const ran = await hypermesh(
      ...['run', 'reverser', '--on', 'cedar', '--audit', 'amber', ...data],
      ...['--input', at('input.txt'), '--output', at('output.txt')],
    );
    expect(ran.json()).toMatchObject({ ok: true, exit: 'ok', reexecutedBy: 'amber', matches: true });
    expect(readFileSync(at('output.txt'), 'utf8')).toBe('eciwt dias ,straw warts');
    const explained = await hypermesh('explain', 'reverser', ...data);
    expect(explained.json()).toMatchObject({ ok: true, package: 'reverser@1.0.0', silent: [] });
    const found = explained.json()['nodes'] as { name: string; canRun: boolean }[];
    expect(found.map(({ name, canRun }) => [name, canRun])).toEqual(names.map((name) => [name, true]));
    const tooMuch = await hypermesh('explain', 'reverser', '--memory', '65536', ...data);
    expect(tooMuch.json()).toMatchObject({ ok: false });
    expect(tooMuch.code).toBe(1);
  });
});

describe('the catalog of a mesh of three processes', () => {
  const large = randomBytes(480_000);

  it('publishes on one node; another finds, installs and verifies it, bytes equal and registered [catalog-01]', async () => {
    const published = await publish(
      packageFolder('left', '1.0.0', { 'index.js': 'export default 1;', 'data.bin': large }),
    );
    expect(published).toMatchObject({ finalized: true, copies: 2, files: 2, bytes: 480_017 });
    expect([...published.holders].sort()).toEqual(['birch', 'cedar']);
    const { packages } = await nodes.birch.call<{ packages: SearchHit[] }>('search', { text: 'left' });
    expect(packages).toMatchObject([{ key: 'left@1.0.0', verified: true, digest: published.digest }]);
    const installed = await nodes.birch.call<InstallReport>('install', { spec: 'left' });
    expect(installed).toMatchObject({ digest: published.digest, rejectedChunks: 0, already: false });
    expect(readFileSync(join(await treeOf('birch', 'left'), 'data.bin')).equals(large)).toBe(true);
    const report = await nodes.birch.call<VerifyReport>('verify', { spec: 'left', deep: true });
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.checks.map(({ check }) => check)).toContain('asset');
  });

  it('solves dependencies, writes a lock file, keeps to it, and says why a package is there', async () => {
    await publish(packageFolder('top', '1.0.0', { 'index.js': 'export default 2;' }, { left: '^1.0.0' }));
    const project = join(folder.path, 'project');
    mkdirSync(project);
    const argv = ['--data', pathOf('cedar'), '--project', project, '--json'];
    const first = await hypermesh('catalog', 'install', 'top', ...argv);
    expect(first.json(), first.stderr).toMatchObject({ ok: true, name: 'top' });
    const lock = readFileSync(join(project, 'catalog.lock'), 'utf8');
    await publish(packageFolder('left', '1.1.0', { 'index.js': 'export default 1;', 'data.bin': large }));
    const frozen = await hypermesh('catalog', 'install', '--frozen', ...argv);
    expect(frozen.json()).toMatchObject({ ok: true, already: true, operation: null });
    expect(readFileSync(join(project, 'catalog.lock'), 'utf8')).toBe(lock);
    const other = await hypermesh('catalog', 'install', 'left@1.1.0', '--frozen', ...argv);
    expect(other.json()).toMatchObject({ ok: false, error: { code: 'catalog/lock-changed' } });
    const why = await hypermesh('catalog', 'why', 'left', '--data', pathOf('cedar'));
    expect(why.stdout.trim()).toBe('top@1.0.0 → left@1.0.0');
    const { packages } = await nodes.cedar.call<{ packages: InstalledPackage[] }>('list');
    expect(packages.map(({ name, version }) => `${name}@${version}`)).toEqual(['left@1.0.0', 'top@1.0.0']);
  });

  it('moves of the next version only what changed', async () => {
    const installed = await nodes.birch.call<InstallReport>('install', { spec: 'left@1.1.0' });
    expect(installed.bytesReused).toBeGreaterThan(400_000);
    expect(installed.bytesMoved).toBeLessThan(80_000);
  });

  it('explains a conflict and a package that is not there, in words with what to do', async () => {
    const conflict = await hypermesh(
      'catalog',
      'install',
      'top',
      'left@^9.0.0',
      '--data',
      pathOf('birch'),
      '--json',
    );
    expect(conflict.code).not.toBe(0);
    const absent = await hypermesh('catalog', 'install', 'nothing', '--data', pathOf('birch'), '--json');
    expect(absent.json()).toMatchObject({
      ok: false,
      error: { code: 'catalog/not-found', next: expect.any(String) },
    });
    const info = await hypermesh('catalog', 'info', 'left', '--data', pathOf('birch'));
    expect(info.stdout).toContain('versions   1.0.0, 1.1.0');
  });

  it('finds one changed byte of what it installed', async () => {
    writeFileSync(join(await treeOf('birch', 'left@1.0.0'), 'index.js'), 'export default 7;');
    const checked = await hypermesh('catalog', 'verify', 'left@1.0.0', '--deep', '--data', pathOf('birch'));
    expect(checked.code).toBe(1);
    expect(checked.stdout).toContain('FAILED tree');
  });

  it('a node that is killed in the middle of an installation comes back and installs it', async () => {
    await publish(
      packageFolder('heavy', '1.0.0', {
        'index.js': 'export default 3;',
        'data.bin': randomBytes(3_000_000),
      }),
    );
    const dying = nodes.birch.call('install', { spec: 'heavy' }).catch(() => 'killed');
    await nodes.birch.call('final', { height: 1 });
    await nodes.birch.end('SIGKILL');
    expect(await dying).toBe('killed');
    nodes.birch = await startNode(pathOf('birch'));
    const installed = await nodes.birch.call<InstallReport>('install', { spec: 'heavy' });
    expect(installed.name).toBe('heavy');
    expect(await nodes.birch.call<VerifyReport>('verify', { spec: 'heavy', deep: true })).toMatchObject({
      ok: true,
    });
  });

  it('a bundle of the catalog that was changed on disk is not loaded, and the node says so', async () => {
    await nodes.cedar.end('SIGTERM');
    const bundle = join(dataDirectory(pathOf('cedar')).extensions, 'hypermesh.catalog', 'extension.mjs');
    writeFileSync(bundle, `${readFileSync(bundle, 'utf8')}\n// one line more\n`);
    nodes.cedar = await startNode(pathOf('cedar'));
    await nodes.cedar.call('final', { height: 1 });
    await expect(nodes.cedar.call('search', { text: 'left' })).rejects.toMatchObject({
      code: 'node/refused',
      failure: { by: 'catalog', reason: expect.stringContaining('not loaded') },
    });
  });
});
