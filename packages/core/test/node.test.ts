import { systemClock, systemRandom } from '@hypermesh/core/node';
import { expect, test } from 'vitest';

test('the system clock tells Unix time, and its monotonic time never falls', () => {
  expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(1000);
  let last = systemClock.monotonicMs();
  for (let turn = 0; turn < 1000; turn += 1) {
    const now = systemClock.monotonicMs();
    expect(now).toBeGreaterThanOrEqual(last);
    last = now;
  }
});

test('a scheduled task runs, a cancelled one does not', async () => {
  let cancelled = true;
  systemClock.schedule(0, () => {
    cancelled = false;
  })();
  await new Promise<void>((resolve) => systemClock.schedule(1, resolve));
  await new Promise<void>((resolve) => systemClock.schedule(-5, resolve));
  expect(cancelled).toBe(true);
});

test('a delay longer than a timer of Node can take waits', async () => {
  let ran = false;
  const cancel = systemClock.schedule(2 ** 40, () => {
    ran = true;
  });
  await new Promise<void>((resolve) => systemClock.schedule(5, resolve));
  cancel();
  expect(ran).toBe(false);
});

test('random bytes have the length asked for and differ', () => {
  expect(systemRandom.bytes(0)).toHaveLength(0);
  expect(systemRandom.bytes(100_000)).toHaveLength(100_000);
  expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32));
});
