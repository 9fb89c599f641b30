import { type Clock, type Log, type Random, type Startable, silentLog, silentMetrics } from '@hypermesh/core';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import {
  clockLaws,
  createManualClock,
  createSeededRandom,
  type Law,
  logLaws,
  metricsLaws,
  randomLaws,
  startableLaws,
} from '@hypermesh/core/testing';
import { describe, expect, test } from 'vitest';

const wait = (ms: number): Promise<void> => new Promise((resolve) => systemClock.schedule(ms, resolve));
const manual = createManualClock();
const startable = (): Startable => ({ start: async () => {}, stop: async () => {} });

describe.each<[string, readonly Law[]]>([
  ['the system clock', clockLaws(systemClock, wait)],
  ['the manual clock', clockLaws(manual, (ms) => manual.advance(ms))],
  ['the system random source', randomLaws(systemRandom)],
  ['the seeded random source', randomLaws(createSeededRandom('laws'))],
  ['the silent log', logLaws(silentLog)],
  ['the silent metrics', metricsLaws(silentMetrics)],
  ['a trivial startable', startableLaws(startable)],
])('%s keeps the law:', (_, laws) => {
  test.each(laws.map(({ title, check }) => [title, check] as const))('%s', (_title, check) => check());
});

/** Titles of the laws that an implementation breaks. */
async function broken(laws: readonly Law[]): Promise<string[]> {
  const titles: string[] = [];
  for (const { title, check } of laws) {
    await check().catch((error: unknown) => {
      expect(error).toMatchObject({ failure: { code: 'core/broken-law', law: title } });
      titles.push(title);
    });
  }
  return titles;
}

/** Does it, and answers a cancel that cancels nothing. */
function after(done: () => unknown): () => void {
  done();
  return () => {};
}

describe('planted faults are caught:', () => {
  const clockWith = (fault: (clock: Clock) => Partial<Clock>) => {
    const clock = createManualClock();
    return broken(clockLaws({ ...clock, ...fault(clock) }, (ms) => clock.advance(ms)));
  };

  test.each<[string, string, (clock: Clock) => Partial<Clock>]>([
    ['time that stands', 'monotonic time', () => ({ monotonicMs: () => 0 })],
    ['a wall clock without a number', 'the wall clock', () => ({ nowMs: () => Number.NaN })],
    ['a task run at once', 'a task runs once', () => ({ schedule: (_, task) => after(task) })],
    [
      'a cancel that does nothing',
      'a cancelled',
      (clock) => ({ schedule: (ms, task) => after(() => clock.schedule(ms, task)) }),
    ],
    [
      'delays that count for nothing',
      'a task runs no earlier',
      (clock) => ({ schedule: (_, task) => clock.schedule(0, task) }),
    ],
    [
      'a negative delay that waits',
      'a negative',
      (clock) => ({ schedule: (ms, task) => clock.schedule(Math.abs(ms), task) }),
    ],
    [
      'a task run twice',
      'a task runs once',
      (clock) => ({
        schedule: (ms, task) => after(() => [ms, ms + 1].map((at) => clock.schedule(at, task))),
      }),
    ],
  ])('%s', async (_, title, fault) => {
    expect((await clockWith(fault)).some((name) => name.startsWith(title))).toBe(true);
  });

  test('a random source that repeats, reuses its buffer or miscounts', async () => {
    const buffer = new Uint8Array(70_000);
    const sources: readonly Random[] = [
      { bytes: (length) => new Uint8Array(length) },
      { bytes: (length) => crypto.getRandomValues(buffer.subarray(0, Math.min(length, 65_536))) },
    ];
    expect(await Promise.all(sources.map((source) => broken(randomLaws(source))))).toEqual([
      ['no two draws of 16 bytes are the same'],
      ['the bytes have the length asked for', 'what was handed out does not change with later draws'],
    ]);
  });

  test('a log that serializes without care, and a life that cannot be ended twice', async () => {
    const careless = (_: string, fields?: object) => void JSON.stringify(fields);
    const log: Log = { ...silentLog, warn: careless };
    expect(await broken(logLaws(log))).toEqual(['warn never throws, whatever the fields hold']);
    const fussy = (): Startable => {
      let running = false;
      const turn = async (on: boolean) => {
        if (running === on) throw new Error(on ? 'running' : 'not running');
        running = on;
      };
      return { start: () => turn(true), stop: () => turn(false) };
    };
    expect(await broken(startableLaws(fussy))).toHaveLength(2);
  });
});
