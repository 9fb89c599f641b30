import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What `start --json` prints last. */
export interface Report {
  readonly ok: boolean;
  readonly durationMs: number;
  readonly nodes: readonly { name: string; address: string; peakResidentBytes: number }[];
  readonly steps: readonly ({ name: string; ok: boolean; durationMs: number } & Record<string, unknown>)[];
  readonly error?: { code: string; message: string };
}

/** How `start` ended. */
export interface Started {
  readonly code: number | null;
  readonly report: Report;
  readonly stdout: string;
  /** What it left among temporary files. */
  readonly left: readonly string[];
}

/** Whether the package manager is there, which building needs; it is in whatever it starts. */
export const hasPnpm = spawnSync('pnpm', ['--version']).error === undefined;

export function needsPnpm(context: TestContext): void {
  if (!hasPnpm) context.skip('pnpm is not on PATH');
}

/** Runs root `start` as a fresh clone does; its temporary files go into `scratch`, which is the caller's. */
export function spawnStart(
  scratch: string,
  argv: readonly string[],
  stdin: 'pipe' | 'ignore' = 'ignore',
): { readonly child: ChildProcess; readonly ended: Promise<Started> } {
  const path = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  const child = spawn(process.execPath, ['apps/tour/src/start.ts', ...argv], {
    cwd: root,
    env: { ...process.env, PATH: path, TMPDIR: scratch },
    stdio: [stdin, 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').resume();
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    report: JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report,
    stdout,
    left: readdirSync(scratch).filter((name) => name.startsWith('hypermesh')),
  }));
  return { child, ended };
}
