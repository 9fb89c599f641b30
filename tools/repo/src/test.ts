import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { ROOT } from './root.ts';
import { requireNode } from './run/node-version.ts';
import { PROJECTS, runTests } from './run/run-tests.ts';

requireNode();
const packages = process.argv.slice(2).map((word) => {
  const folder = [resolve(ROOT, word), resolve(word)].find((path) => existsSync(join(path, 'package.json')));
  if (folder === undefined) {
    console.error(`There is no package at ${word}. Name folders from the root, such as packages/core.`);
    process.exit(1);
  }
  return relative(ROOT, folder);
});
console.log(
  packages.length === 0
    ? 'Runs every test (units, conformance, other programs, short simulations): about 5 minutes on two cores.'
    : `Runs the tests of ${packages.join(', ')}: a minute or two.`,
);
process.exitCode = await runTests({ projects: PROJECTS, packages, isWhole: packages.length === 0 });
