import { execFile } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { afterAll, expect, test, vi } from 'vitest';
import { suiteFor } from '../src/index.ts';

const workers: Worker[] = [];
const note = (worker: Worker) => workers.push(worker);
process.on('worker', note);
afterAll(() => {
  process.off('worker', note);
});

const message = new Uint8Array(100);

test('Falcon keys are made in a worker while the main thread goes on turning', async () => {
  const suite = suiteFor('falcon-1024-r3', { backend: 'noble' });
  await suite.verify(new Uint8Array(1280), message, new Uint8Array(1793));
  let turns = 0;
  let done = false;
  const generating = suite.generate().finally(() => {
    done = true;
  });
  while (!done) {
    await nextTurn();
    turns += 1;
  }
  const pair = await generating;
  // On this thread key generation would let the loop turn a handful of times only.
  expect(turns).toBeGreaterThan(100);
  expect(workers).toHaveLength(1);
  expect(await suite.verify(await suite.sign(message, pair.secretKey), message, pair.publicKey)).toBe(true);
  expect(workers).toHaveLength(1);
});

test('a long message is verified in the worker with either backend', async () => {
  const long = new Uint8Array((1 << 20) + 1).fill(3);
  const [liboqs, noble] = (['liboqs', 'noble'] as const).map((backend) =>
    suiteFor('falcon-1024-r3', { backend }),
  );
  const pair = await liboqs?.generate();
  const signature = await liboqs?.sign(long, pair?.secretKey ?? message);
  const publicKey = pair?.publicKey ?? message;
  expect(await noble?.verify(signature ?? '', long, publicKey)).toBe(true);
  expect(await liboqs?.verify(signature ?? '', long, publicKey)).toBe(true);
  long[5] = 4;
  expect(await liboqs?.verify(signature ?? '', long, publicKey)).toBe(false);
});

test('an abort rejects with its reason and the next call is served', async () => {
  const suite = suiteFor('falcon-1024-r3');
  const reason = new Error('enough');
  await expect(suite.generate(undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const waiting = suite.generate(undefined, { signal: controller.signal });
  await nextTurn();
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect((await suite.generate()).publicKey).toHaveLength(1793);
});

test('a worker that ends fails the call with a code, and the next call starts another', async () => {
  const suite = suiteFor('falcon-1024-r3', { backend: 'noble' });
  const waiting = suite.generate();
  const lost = expect(waiting).rejects.toMatchObject({ code: 'trustchain/worker-failed' });
  await nextTurn();
  await workers.at(-1)?.terminate();
  await lost;
  expect((await suite.generate()).secretKey).toHaveLength(2305);
  expect(workers).toHaveLength(2);
});

test('an abort right after the call counts too', async () => {
  const suite = suiteFor('falcon-1024-r3');
  const reason = new Error('enough');
  const controller = new AbortController();
  const waiting = suite.generate(undefined, { signal: controller.signal });
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test('the worker is sent the bytes themselves and not the memory around them', async () => {
  const suite = suiteFor('falcon-1024-r3');
  const { secretKey } = await suite.generate();
  const around = new Uint8Array(1 << 20);
  around.set(secretKey, 1000);
  const sent = vi.spyOn(workers.at(-1) as Worker, 'postMessage');
  await suite.sign(around.subarray(0, 100), around.subarray(1000, 1000 + secretKey.length));
  const requests = sent.mock.calls.map(([request]) => request as { work: Record<string, Uint8Array> });
  expect(
    requests.map(({ work }) => [work['message']?.buffer.byteLength, work['secretKey']?.buffer.byteLength]),
  ).toEqual([[100, 2305]]);
});

test('a process that made, aborted and misused Falcon ends by itself', async () => {
  const script = `
    import { suiteFor } from '@hypermesh/trustchain';
    const suite = suiteFor('falcon-1024-r3');
    const { secretKey } = await suite.generate();
    const controller = new AbortController();
    const aborted = suite.generate(undefined, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await aborted.catch(() => {});
    const detached = new Uint8Array(8);
    structuredClone(detached, { transfer: [detached.buffer] });
    await suite.sign(detached, secretKey).catch((error) => console.log(error.code));
    await suite.sign(new Proxy(new Uint8Array(8), {}), secretKey).catch((error) => console.log(error.code));
  `;
  const args = ['--conditions=@hypermesh/source', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  expect(stdout.trim().split('\n')).toEqual(['trustchain/bad-argument', 'trustchain/bad-argument']);
});
