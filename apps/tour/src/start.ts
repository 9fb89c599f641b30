import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseOptions, type TourOptions } from './options.ts';
import { createProgress } from './progress.ts';

/*
 * What root `start` runs. It says at once what will happen, builds what is not built, and only then loads the tour,
 * which imports built packages.
 */
const startedMs = performance.now();
const argv = process.argv.slice(2);
const options = parseOptions(argv);
if ('message' in options) {
  (options.exitCode === 0 ? process.stdout : process.stderr).write(`${options.message}\n`);
  if (options.exitCode !== 0 && argv.includes('--json'))
    reportFailure('tour/bad-flag', options.message.split('\n')[0] ?? '');
  process.exitCode = options.exitCode;
} else {
  process.exitCode = await start(options);
}

async function start(chosen: TourOptions): Promise<number> {
  const progress = createProgress(chosen.json ? process.stderr : process.stdout);
  progress.line(
    'HyperMesh builds itself (about 20 s the first time, then 1 s), then starts four nodes on this machine and takes a\n' +
      'package through its life (about a minute). Nothing leaves this machine. Ctrl-C ends it at any moment.',
  );
  progress.live('building');
  const { code, output } = await build();
  progress.settle();
  if (code === 0) {
    const { main } = await import('./main.ts');
    return await main(chosen, { progress, startedMs });
  }
  progress.line(`${output}\nThe build failed; its output stands above.`);
  if (chosen.json) reportFailure('tour/build-failed', `the build ended with ${code}`);
  return 1;
}

function reportFailure(code: string, message: string): void {
  const durationMs = Math.round(performance.now() - startedMs);
  process.stdout.write(
    `${JSON.stringify({ ok: false, durationMs, nodes: [], steps: [], error: { code, message } })}\n`,
  );
}

/** Builds all packages; what is built already costs a second. Its words are shown where it fails. */
async function build(): Promise<{ readonly code: number | string; readonly output: string }> {
  const child = spawn('turbo', ['run', 'build', '--output-logs=errors-only', '--ui=stream'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code: code ?? signal ?? 1, output };
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? 1, output: `${output}${String(error)}` };
  }
}
