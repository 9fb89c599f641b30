import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openQuickJs } from '@hypermesh/metered-wasm/quickjs';
import { expect, it } from 'vitest';
import { attacks, packageFolder } from '../src/index.ts';

it('each attack is stopped for its own reason, and a call that behaves is served', async () => {
  const files = new Map([['index.js', new Uint8Array(readFileSync(join(packageFolder(), 'index.js')))]]);
  await using quickjs = openQuickJs({ workers: 1 });
  const run = (call: string) =>
    quickjs.run({
      ...{ files, entry: 'index.js', call, fuel: 500_000_000n, memoryPages: 256, deadlineMs: 60_000 },
    });
  for (const { operation, expected } of attacks)
    expect(await run(operation)).toMatchObject({ reason: expected });
  expect(await run('default')).toMatchObject({ ok: true, output: 'nothing to see here' });
});
