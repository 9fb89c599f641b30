import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';

/**
 * Runs the pnpm that runs us, else the one that npx finds. Rejects, with what it printed, when it fails or takes
 * longer than `limitMs`.
 */
export function pnpm(
  args: readonly string[],
  options: { cwd: string; limitMs: number },
): Promise<{ stdout: string; stderr: string }> {
  const { cwd, limitMs } = options;
  const own = process.env['npm_execpath'];
  const [command, ...first] =
    own === undefined || !basename(own).startsWith('pnpm')
      ? ['npx', '-y', 'pnpm@12']
      : /\.[cm]?js$/.test(own)
        ? [process.execPath, own]
        : [own];
  return promisify(execFile)(command as string, [...first, ...args], {
    cwd,
    timeout: limitMs,
    killSignal: 'SIGKILL',
    maxBuffer: 2 ** 26,
    env: { ...process.env, CI: '1' },
  });
}
