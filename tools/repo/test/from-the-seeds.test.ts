import { readFileSync } from 'node:fs';
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
