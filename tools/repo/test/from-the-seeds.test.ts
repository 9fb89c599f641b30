import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportsOf } from '../src/check/exports.ts';
import { openWorkspace, type Workspace } from '../src/check/workspace.ts';
import { ROOT } from '../src/root.ts';
import { plant } from './planted.ts';

const NAMES = /((?:`\w+`(?:, | and )?)+) of `(@hypermesh\/[\w-]+(?:\/[\w-]+)?)`/g;

/** `name of package` pairs of a page that are no exports. */
function findStrangers(workspace: Workspace, page: string): string[] {
  return Array.from(page.matchAll(NAMES)).flatMap(([, list = '', specifier = '']) => {
    const exported = exportsOf(workspace, specifier);
    const names = Array.from(list.matchAll(/`(\w+)`/g), ([, name = '']) => name);
    return names.filter((name) => exported?.has(name) !== true).map((name) => `${name} of ${specifier}`);
  });
}

it('every name that docs/from-the-seeds.md gives as an export is one', () => {
  const page = readFileSync(join(ROOT, 'docs/from-the-seeds.md'), 'utf8');
  expect(Array.from(page.matchAll(NAMES)).length).toBeGreaterThan(25);
  expect(findStrangers(openWorkspace(ROOT), page)).toEqual([]);
});

it('catches a name, a sub-path and a package that are not there', () => {
  const workspace = plant({
    'packages/low/src/index.ts':
      "export { low } from './low.ts';\nexport type { T } from './t.ts';\nexport const one = 1;\n",
  });
  const page = '`low`, `T` and `one` of `@hypermesh/low`; `high` and `low` of `@hypermesh/low`';
  expect(findStrangers(workspace, page)).toEqual(['high of @hypermesh/low']);
  expect(findStrangers(workspace, '`low` of `@hypermesh/low/deep`, `a` of `@hypermesh/gone`')).toHaveLength(
    2,
  );
});

it('every package that the page names can be imported, and what is a value there is one', async () => {
  const page = readFileSync(join(ROOT, 'docs/from-the-seeds.md'), 'utf8');
  const specifiers = new Set(Array.from(page.matchAll(NAMES), ([, , specifier = '']) => specifier));
  for (const specifier of specifiers) {
    const workspace = openWorkspace(ROOT);
    const member = workspace.members.find(
      ({ manifest }) => specifier === manifest.name || specifier.startsWith(`${manifest.name}/`),
    );
    const target = member?.manifest.exports?.[`.${specifier.slice(member.manifest.name.length)}`];
    const source = typeof target === 'object' ? target['@hypermesh/source'] : undefined;
    const module = (await import(join(ROOT, member?.folder ?? '', source ?? ''))) as Record<string, unknown>;
    expect(Object.keys(module).length, specifier).toBeGreaterThan(0);
  }
});

it('the page leaves nothing out that the first drafts name', (ctx) => {
  const folder = [process.env['HYPERMESH_SEEDS'], join(ROOT, '../shared/seeds')].find(
    (path) => path !== undefined && existsSync(path),
  );
  if (folder === undefined)
    ctx.skip('no first drafts: ../shared/seeds is absent and HYPERMESH_SEEDS names no folder');
  const page = readFileSync(join(ROOT, 'docs/from-the-seeds.md'), 'utf8');
  const drafts = readdirSync(folder ?? '')
    .map((file) => readFileSync(join(folder ?? '', file), 'utf8'))
    .join('\n');
  const types = drafts.matchAll(/\b[A-Z][a-z]+[A-Z][A-Za-z0-9]+\b/g);
  const functions = drafts.matchAll(/\bfn\s+([a-z_0-9]+)/g);
  const named = new Set([
    ...Array.from(types, ([name]) => name),
    ...Array.from(functions, ([, name = '']) => name),
  ]);
  /** Of the language and its library, of other people, and a name that stands for the reader's own. */
  const ofOthers = ['main', 'RwLock', 'HashMap', 'SystemTime', 'PathBuf', 'GitHub', 'MyCustomExtension'];
  expect(named.size).toBeGreaterThan(100);
  expect([...named].filter((name) => !page.includes(name) && !ofOthers.includes(name))).toEqual([]);
});
