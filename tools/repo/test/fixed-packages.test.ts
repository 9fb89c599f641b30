import { expect, it } from 'vitest';
import { checkFixedPackages, FIXED_IN_CODE, FIXED_TOOLS } from '../src/check/fixed-packages.ts';
import { openWorkspace } from '../src/check/workspace.ts';
import { ROOT } from '../src/root.ts';
import { manifestWith, plant } from './planted.ts';

const idle = (files: Record<string, string>) =>
  checkFixedPackages(plant(files)).map(({ message }) => message);
const low = manifestWith('@hypermesh/low', { dependencies: { semver: '^7' } });
const misses = expect.stringMatching(/^semver is not a dependency/);

it('catches a dependency that no used path reaches', () => {
  expect(idle({ 'packages/low/package.json': low })).toContainEqual(misses);
  const unreached = { 'packages/low/src/lost.ts': "import 'semver';", 'packages/low/package.json': low };
  expect(idle(unreached)).toContainEqual(misses);
});

it('catches an import of a type alone, and one that no manifest declares', () => {
  const types = {
    'packages/low/src/low.ts': "import type { A } from 'semver';",
    'packages/low/package.json': low,
  };
  expect(idle(types)).toContainEqual(misses);
  expect(idle({ 'packages/low/src/low.ts': "import 'semver';" })).toContainEqual(misses);
});

it('follows exports, sub-paths of packages and what an app starts', () => {
  const used = {
    'packages/low/src/low.ts': "import 'semver/functions/lt.js';",
    'packages/low/package.json': low,
  };
  expect(idle(used)).not.toContainEqual(misses);
  const app = {
    'apps/a/package.json': JSON.stringify({ name: 'a', bin: './bin/a.mjs', dependencies: { semver: '^7' } }),
    'apps/a/bin/a.mjs': "await import('../dist/start.js');",
    'apps/a/src/start.ts': "import 'semver';",
  };
  expect(idle(app)).not.toContainEqual(misses);
});

it('catches a tool that no script uses', () => {
  expect(idle({})).toEqual(
    expect.arrayContaining(Object.keys(FIXED_TOOLS).map((name) => expect.stringContaining(name))),
  );
});

it('each of the eleven packages that the project is built with is at work on a used path [repo-03]', () => {
  expect([...FIXED_IN_CODE, ...Object.keys(FIXED_TOOLS)]).toHaveLength(11);
  expect(checkFixedPackages(openWorkspace(ROOT))).toEqual([]);
});
