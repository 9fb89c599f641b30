import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importsOf } from '../src/check/source.ts';
import { isLibrary, openWorkspace } from '../src/check/workspace.ts';
import { installTarballs } from '../src/pack/empty-project.ts';
import { packInto } from '../src/pack/pack.ts';
import { pnpm } from '../src/pack/pnpm.ts';
import { firstExample, runExample } from '../src/readme/example.ts';
import { ROOT } from '../src/root.ts';

const libraries = openWorkspace(ROOT).members.filter(isLibrary);
const tarballs = new Map<string, string>();
const target = mkdtempSync(join(tmpdir(), 'hypermesh-packs-'));

beforeAll(async () => {
  const filters = libraries.map(({ manifest }) => `--filter=${manifest.name}`);
  const build = ['exec', 'turbo', 'run', 'build', ...filters, '--output-logs=errors-only'];
  await pnpm(build, { cwd: ROOT, limitMs: 200_000 });
  for (const { folder, manifest } of libraries) {
    tarballs.set(manifest.name, await packInto(join(ROOT, folder), target));
  }
}, 240_000);
afterAll(() => rmSync(target, { recursive: true }));

describe.concurrent('a library alone', () => {
  it.for(libraries.map(({ folder, manifest }) => [manifest.name, folder, manifest] as const))(
    '%s installs into an empty project with only its declared dependencies and its README example runs there [repo-02]',
    { timeout: 240_000 },
    async ([name, folder, { dependencies = {} }], { expect }) => {
      const code = firstExample(readFileSync(join(ROOT, folder, 'README.md'), 'utf8')) ?? '';
      const siblings = importsOf('example.ts', code)
        .map(({ specifier }) => specifier.split('/', 2).join('/'))
        .filter((sibling) => tarballs.has(sibling) && sibling in dependencies);
      using project = await installTarballs([name, ...siblings], tarballs);
      const run = await runExample(code, { cwd: project.folder, limitMs: 80_000 });
      expect(code).not.toBe('');
      expect(run.ok, run.output).toBe(true);
    },
  );
});

it('the tests of a library pass alone, by the package script [repo-02]', { timeout: 240_000 }, async () => {
  const { stdout } = await pnpm(['--filter', '@hypermesh/core', 'test'], { cwd: ROOT, limitMs: 200_000 });
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d+ passed, 0 failed(, \d+ skipped)?$/);
});

it('catches a tarball that imports what it does not declare', { timeout: 120_000 }, async () => {
  const folder = join(target, 'sly');
  mkdirSync(folder);
  const manifest = { name: '@hypermesh/sly', version: '0.0.0', type: 'module', exports: './index.js' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'index.js'), "import '@hypermesh/core';\n");
  const own = new Map([...tarballs, ['@hypermesh/sly', await packInto(folder, target)]]);
  using project = await installTarballs(['@hypermesh/sly'], own);
  const run = await runExample("import '@hypermesh/sly';", { cwd: project.folder, limitMs: 20_000 });
  expect(run).toEqual({
    ok: false,
    output: expect.stringContaining("Cannot find package '@hypermesh/core'"),
  });
});
