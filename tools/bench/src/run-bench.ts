import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Line } from './report.ts';

/**
 * Runs one bench file in its own process, ended after `limitMs`. Lines of `report` go to `line`, all else to `text`,
 * as they come. Resolves to why it failed, if it did; what it had reported until then counts.
 */
export async function runBench(
  file: string,
  limitMs: number,
  on: { line: (line: Line) => void; text: (text: string) => void },
): Promise<string | undefined> {
  const child = spawn(process.execPath, ['--conditions=@hypermesh/source', file], {
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
    if (text.startsWith('{"name":')) on.line(JSON.parse(text) as Line);
    else if (text !== '') on.text(text);
  }
  const reason = await ended;
  clearTimeout(timer);
  return isLate ? `stopped after ${Math.round(limitMs / 1000)} s` : reason;
}
