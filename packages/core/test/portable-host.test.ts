import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { summary } from './portable-host.ts';

/** Runs the summary in a process of its own, after `prelude`. */
function elsewhere(prelude: string): { native: boolean; same: unknown } {
  const script = `${prelude}; const { summary } = await import('./portable-host.ts'); process.stdout.write(await summary())`;
  const output = execFileSync(
    process.execPath,
    ['--conditions=@hypermesh/source', '--input-type=module', '--eval', script],
    { cwd: import.meta.dirname, encoding: 'utf8' },
  );
  return JSON.parse(output) as { native: boolean; same: unknown };
}

test('a host without the built-in modules of Node gives the same hashes, keys, signatures and verdicts', async () => {
  const here = JSON.parse(await summary()) as { same: unknown };
  const portable = elsewhere('process.getBuiltinModule = undefined');
  expect(portable).toEqual({ native: false, same: here.same });
});

test('a host without a process object does as well', async () => {
  const here = JSON.parse(await summary()) as { same: unknown };
  const bare = elsewhere('const { process } = globalThis; globalThis.process = undefined');
  expect(bare).toEqual({ native: false, same: here.same });
});
