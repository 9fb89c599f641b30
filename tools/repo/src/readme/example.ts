import { spawn } from 'node:child_process';

/** What came of running an example. */
export interface ExampleRun {
  ok: boolean;
  /** stdout and stderr, together. */
  output: string;
}

/** The first ```ts block of a README, as it stands. */
export function firstExample(markdown: string): string | undefined {
  return /^```(?:ts|typescript)[^\n]*\n([\s\S]*?)^```/m.exec(markdown)?.[1];
}

/**
 * Runs TypeScript on stdin of a fresh Node in `cwd`, so that its imports resolve from there. `conditions` are those
 * of package exports. Ended after `limitMs`.
 */
export function runExample(
  code: string,
  options: { cwd: string; conditions?: readonly string[]; limitMs: number },
): Promise<ExampleRun> {
  const { cwd, conditions = [], limitMs } = options;
  const args = [...conditions.map((name) => `--conditions=${name}`), '--input-type=module-typescript', '-'];
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '' },
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  const keep = (chunk: string) => {
    output += chunk;
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  child.stdin.on('error', (error) => keep(`${error.message}\n`));
  child.stdin.end(code);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ ok: false, output: error.message }));
    child.once('close', (exit, signal) => {
      const end =
        exit === 0
          ? ''
          : `\nended with ${exit ?? signal}${signal === 'SIGKILL' ? ` after ${limitMs} ms` : ''}`;
      resolve({ ok: exit === 0, output: output + end });
    });
  });
}
