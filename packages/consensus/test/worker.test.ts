import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { vdf } from '@hypermesh/consensus';
import { expect, test } from 'vitest';

test('threads start under a program that came on stdin', async () => {
  const program = `import { vdf } from '@hypermesh/consensus';
    const y = await vdf('rsa-2048').evaluate('ab', 100);
    console.log(y.length);`;
  const flags = ['--conditions=@hypermesh/source', '--input-type=module-typescript'];
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
