import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mergeLines, parseLines, performancePage } from './performance-page.ts';
import type { Line } from './report.ts';
import { runBench } from './run-bench.ts';
import { toTable } from './table.ts';

const ROOT = join(import.meta.dirname, '../../..');
const TOTAL_MS = 15 * 60_000;
const FILE_MS = 90_000;

const words = process.argv.slice(2);
const asJson = words.includes('--json');
const isWritten = words.includes('--write');
const filters = words.filter((word) => !word.startsWith('--'));
const say = (text: string) => (asJson ? process.stderr : process.stdout).write(`${text}\n`);

const files = globSync('{packages,apps}/*/bench/**/*.bench.ts', { cwd: ROOT })
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort();
say(
  `Runs ${files.length} bench files one after the other, a minute each at most, a quarter of an hour in all.`,
);

const deadlineMs = performance.now() + TOTAL_MS;
const lines: Line[] = [];
const failures: string[] = [];
for (const file of files) {
  const leftMs = deadlineMs - performance.now();
  if (leftMs < 1000) {
    failures.push(`${file}: not run, the quarter of an hour was over`);
    continue;
  }
  say(`- ${file}`);
  const failure = await runBench(join(ROOT, file), Math.min(FILE_MS, leftMs), {
    line: (line) => lines.push(line),
    text: (text) => say(`  ${text}`),
  });
  if (failure !== undefined) failures.push(`${file}: ${failure}`);
}

const toJsonLines = (all: readonly Line[]) => all.map((line) => `${JSON.stringify(line)}\n`).join('');
writeFileSync(join(ROOT, 'bench-results.jsonl'), toJsonLines(lines));
if (isWritten) {
  const kept = join(ROOT, 'docs/performance.jsonl');
  // A whole run says all there is to say; a part of it replaces its own lines.
  const before = filters.length > 0 && existsSync(kept) ? parseLines(readFileSync(kept, 'utf8')) : [];
  const all = mergeLines(before, lines);
  writeFileSync(kept, toJsonLines(all));
  writeFileSync(join(ROOT, 'docs/performance.md'), performancePage(all));
}
say(`\n${toTable(lines)}`);
for (const failure of failures) say(`failed: ${failure}`);
say(
  `The lines are in bench-results.jsonl${isWritten ? ', docs/performance.jsonl and docs/performance.md' : ''}.`,
);
if (asJson) process.stdout.write(`${JSON.stringify({ ok: failures.length === 0, lines, failures })}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
