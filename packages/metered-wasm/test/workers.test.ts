import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { Workers } from '../src/run/workers.ts';

const workers = new Workers({ entry: '@hypermesh/metered-wasm/worker', workers: 1, stackMb: 4, idleMs: 20 });
afterAll(() => workers.close());

describe('a supply of workers', () => {
  it('starts another for whoever comes while the only one is being ended', async () => {
    const first = await workers.acquire(undefined);
    const { terminate } = first;
    let isEnding = false;
    first.terminate = async () => {
      isEnding = true;
      await delay(50);
      return terminate.call(first);
    };
    workers.release(first);
    while (!isEnding) await delay(5);
    const second = await workers.acquire(AbortSignal.timeout(10_000));
    expect(second).not.toBe(first);
    workers.release(second);
  });
});
