import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';
import { requireNode } from './run/node-version.ts';
import { smallerPng } from './smaller-png.ts';

requireNode();
const folder = join(ROOT, 'docs/screenshots');
console.log(
  'Founds a mesh of four nodes, gives it something to do, and takes a picture of each page: three minutes.',
);
// The test of the pages does all of this; here it keeps what it sees.
const { status } = spawnSync(
  process.execPath,
  [
    join(ROOT, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--project', 'unit', 'apps/node/test/dashboard-pages', '--testNamePattern', '^the page of'],
  ],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, HYPERMESH_SCREENSHOTS: folder } },
);
for (const name of readdirSync(folder).filter((each) => each.endsWith('.png'))) {
  const path = join(folder, name);
  writeFileSync(path, smallerPng(readFileSync(path)));
}
console.log(status === 0 ? `They are in ${folder}.` : 'A page did not come; the test above says which.');
process.exitCode = status ?? 1;
