import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';
import { judgeCi, type Report } from './run/ci.ts';
import { lastLine } from './run/outcome.ts';

const [testCode, checkCode] = process.argv.slice(2).map(Number);
const path = join(ROOT, '.reports/test.json');
const report = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : undefined;
const installed = readFileSync(join(ROOT, '.ci/tools'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' ')[1] ?? line);
if (existsSync(join(ROOT, '../shared/vectors'))) installed.push('vectors');

const { counts, problems } = judgeCi({ report, testCode, checkCode, installed });
for (const problem of problems) console.log(`failed: ${problem}`);
console.log(lastLine(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;
