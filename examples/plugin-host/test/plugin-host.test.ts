import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

it('the example finds plug-ins, refuses a tampered one, calls, reloads and unloads, and leaves nothing, as its page prints it [ext-11]', () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--conditions=@hypermesh/source', file('src/main.ts')],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const [, printed] = readFileSync(file('README.md'), 'utf8').split('\n```\n');
  expect(stdout).toBe(`${printed}\n`);
}, 120_000);
