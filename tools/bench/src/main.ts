import { spawn } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Line } from './report.ts';
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

/** Runs one bench file in its own process, started and ended here. Resolves to why it failed, if it did. */
async function runBench(
  file: string,
  limitMs: number,
  onLine: (line: Line) => void,
): Promise<string | undefined> {
  const child = spawn(process.execPath, ['--conditions=@hypermesh/source', file], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, limitMs);
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${code ?? signal}`));
  });
  for await (const text of createInterface({ input: child.stdout })) {
    if (text.startsWith('{"name":')) onLine(JSON.parse(text) as Line);
    else if (text !== '') say(`  ${text}`);
  }
  const reason = await ended;
  clearTimeout(timer);
  return isLate ? `stopped after ${Math.round(limitMs / 1000)} s` : reason;
}

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
  const failure = await runBench(file, Math.min(FILE_MS, leftMs), (line) => lines.push(line));
  if (failure !== undefined) failures.push(`${file}: ${failure}`);
}

writeFileSync(join(ROOT, 'bench-results.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
say(`\n${toTable(lines)}`);
for (const failure of failures) say(`failed: ${failure}`);
say('The lines are in bench-results.jsonl.');
if (asJson) process.stdout.write(`${JSON.stringify({ ok: failures.length === 0, lines, failures })}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
