import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseOptions } from './options.ts';

/*
 * What root `start` runs. It says at once what will happen, builds what is not built, and only then loads the tour,
 * which imports built packages.
 */
const startedMs = performance.now();
const options = parseOptions(process.argv.slice(2));
if ('message' in options) {
  (options.exitCode === 0 ? process.stdout : process.stderr).write(`${options.message}\n`);
  process.exitCode = options.exitCode;
} else {
  const say = (text: string) => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  say(
    'HyperMesh: builds itself (about 20 s the first time, then 1 s), then starts four nodes on this machine and takes a',
  );
  say(
    'package through its life in about 20 s. Everything stays on this machine. Ctrl-C ends it at any moment.',
  );
  const built = await build();
  if (built === 0) {
    const { main } = await import('./main.ts');
    process.exitCode = await main(options, startedMs);
  } else {
    say('The build failed; its output stands above.');
    if (options.json) {
      const error = { code: 'tour/build-failed', message: `the build ended with ${built}` };
      process.stdout.write(
        `${JSON.stringify({ ok: false, durationMs: Math.round(performance.now() - startedMs), nodes: [], steps: [], error })}\n`,
      );
    }
    process.exitCode = 1;
  }
}

/** Builds all packages; what is built already costs a second. Output goes to stderr, so that stdout stays the report's. */
async function build(): Promise<number | string> {
  const child = spawn('turbo', ['run', 'build', '--output-logs=errors-only', '--ui=stream'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.pipe(process.stderr);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? signal ?? 1;
}
