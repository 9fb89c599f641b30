import { execFile } from 'node:child_process';
import { basename, delimiter, dirname } from 'node:path';
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
    env: environment(own),
  });
}

/** Ours without what vitest set for its worker, and with pnpm on PATH, where turbo looks for it. */
function environment(own: string | undefined): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$)/.test(name),
  );
  const env = { ...Object.fromEntries(entries), CI: '1', TURBO_TELEMETRY_DISABLED: '1' };
  return own === undefined ? env : { ...env, PATH: [dirname(own), process.env['PATH']].join(delimiter) };
}
