import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { faultIn } from '@hypermesh/proxy-nat';
import { expect, it } from 'vitest';
import { openCounter, useCounter } from '../src/counter.ts';

it('as a program: three processes add 3,000 times and none is lost; after revocation nothing is added', async () => {
  const main = join(import.meta.dirname, '../src/main.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@hypermesh/source', main]);
  expect(stdout).toContain('It stands at 3000; 3 of 3 ended well.');
  expect(stdout).toContain('another addition gets: Revoked');
});

it('opens to its token alone', async () => {
  await using home = await openCounter();
  const altered = `${home.token.slice(0, -2)}${home.token.endsWith('A') ? 'BB' : 'AA'}`;
  const fault = await useCounter(home.port, altered).then(() => 'none', faultIn);
  expect(fault).toBe('Integrity');
  using counter = await useCounter(home.port, home.token);
  expect([await counter.add(5n), await counter.read()]).toEqual([0n, 5n]);
});
