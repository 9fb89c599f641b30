import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Line } from './report.ts';
import { runBench } from './run-bench.ts';
import { toTable } from './table.ts';

const ROOT = join(import.meta.dirname, '../../..');
const TOTAL_MS = 10 * 60_000;
const FILE_MS = 90_000;

const words = process.argv.slice(2);
const asJson = words.includes('--json');
const filters = words.filter((word) => !word.startsWith('--'));
const say = (text: string) => (asJson ? process.stderr : process.stdout).write(`${text}\n`);

const files = globSync('{packages,apps}/*/bench/**/*.bench.ts', { cwd: ROOT })
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort();
say(`Runs ${files.length} bench files one after the other, a minute each at most, ten minutes in all.`);

const deadlineMs = performance.now() + TOTAL_MS;
const lines: Line[] = [];
const failures: string[] = [];
for (const file of files) {
  const leftMs = deadlineMs - performance.now();
  if (leftMs < 1000) {
    failures.push(`${file}: not run, the ten minutes were over`);
    continue;
  }
  say(`- ${file}`);
  const failure = await runBench(join(ROOT, file), Math.min(FILE_MS, leftMs), {
    line: (line) => lines.push(line),
    text: (text) => say(`  ${text}`),
  });
  if (failure !== undefined) failures.push(`${file}: ${failure}`);
}

writeFileSync(join(ROOT, 'bench-results.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
say(`\n${toTable(lines)}`);
for (const failure of failures) say(`failed: ${failure}`);
say('The lines are in bench-results.jsonl.');
if (asJson) process.stdout.write(`${JSON.stringify({ ok: failures.length === 0, lines, failures })}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
