import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createPlot, vdf } from '@hypermesh/consensus';
import { expect, test } from 'vitest';
import { runJob } from '../src/worker-pool.ts';

test('threads start under a program that came on stdin, and under flags that are for the host alone', async () => {
  const program = `import { vdf } from '@hypermesh/consensus';
    const y = await vdf('rsa-2048').evaluate('ab', 100);
    console.log(y.length);`;
  const flags = [
    '--conditions=@hypermesh/source',
    '--input-type=module-typescript',
    '--max-old-space-size=512',
  ];
  const child = spawn(process.execPath, flags, { cwd: join(import.meta.dirname, '..'), stdio: 'pipe' });
  child.stdin.end(program);
  let output = '';
  for await (const text of child.stdout.setEncoding('utf8')) output += text;
  if (child.exitCode === null) await once(child, 'exit');
  expect(output.trim()).toBe('256');
});

test('jobs beyond the threads wait their turn, and one that is given up in the queue never runs', async () => {
  const delay = vdf('rsa-2048');
  const stop = new AbortController();
  const long = [1, 2].map(() => delay.evaluate('ab', 2 ** 17));
  const waiting = delay.evaluate('ab', 2 ** 27, { signal: stop.signal });
  const last = delay.evaluate('ab', 100);
  stop.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
  const [first, second] = await Promise.all(long);
  expect(first).toEqual(second);
  expect(await last).toHaveLength(256);
});

test('a delay does not wait for plots', async () => {
  const stop = new AbortController();
  const plots = [1, 2].map((n) =>
    createPlot({ plotId: new Uint8Array(32).fill(n), k: 22, signal: stop.signal }).then(
      () => 'made',
      () => 'stopped',
    ),
  );
  expect(await vdf('rsa-2048').evaluate('ab', 100)).toHaveLength(256);
  stop.abort();
  expect(await Promise.all(plots)).toEqual(['stopped', 'stopped']);
});

test('a listener that throws fails its own job, and the thread is free again', async () => {
  const plotting = createPlot({
    plotId: new Uint8Array(32),
    k: 18,
    onProgress: () => {
      throw new Error('the listener');
    },
  });
  await expect(plotting).rejects.toThrow('the listener');
  await expect(createPlot({ plotId: new Uint8Array(32), k: 18 })).resolves.toMatchObject({ k: 18 });
});

test('a job that no thread can be given fails, and takes no thread with it', async () => {
  for (let i = 0; i < 5; i++) {
    const input = { input: (() => 1) as never, iterations: 1, wantsProof: false, backend: 'native' } as const;
    await expect(runJob('vdf', input)).rejects.toMatchObject({ code: 'consensus/worker-failed' });
  }
  expect(await vdf('rsa-2048').evaluate('ab', 1)).toHaveLength(256);
});

test('what a delay starts from is taken when it is asked for, not when its turn comes', async () => {
  const delay = vdf('rsa-2048');
  const busy = [1, 2].map(() => delay.evaluate('ab', 2 ** 16));
  const input = Uint8Array.of(1, 2, 3);
  const waiting = delay.evaluate(input, 10);
  input.fill(9);
  expect(await waiting).toEqual(await delay.evaluate(Uint8Array.of(1, 2, 3), 10));
  await Promise.all(busy);
});
