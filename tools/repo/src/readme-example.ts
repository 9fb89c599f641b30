import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { firstExample, runExample } from './readme/example.ts';
import { requireNode } from './run/node-version.ts';

requireNode();
const folders = process.argv.slice(2);
if (folders.length === 0)
  console.error('Name package folders: node tools/repo/src/readme-example.ts packages/core');
for (const folder of folders) {
  const code = firstExample(readFileSync(join(folder, 'README.md'), 'utf8'));
  const run =
    code === undefined
      ? { ok: false, output: 'there is no ```ts block' }
      : await runExample(code, { cwd: resolve(folder), conditions: ['@hypermesh/source'], limitMs: 60_000 });
  console.log(`${run.ok ? 'ok    ' : 'failed'} ${folder}\n${run.output}`);
  if (!run.ok) process.exitCode = 1;
}
