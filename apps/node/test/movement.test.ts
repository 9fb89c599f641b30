import { describe, expect, it } from 'vitest';
import { progressLine, progressOf } from '../src/cli/progress.ts';
import { createMovement } from '../src/movement.ts';

describe('bytes that move', () => {
  it('are added up over the parts of one work, with the rate of the last seconds and without what was here', () => {
    let nowMs = 0;
    const movement = createMovement(() => nowMs);
    expect(movement('a', 500, 1_000, 500)).toEqual({ done: 500, total: 1_000, unit: 'bytes', rateBps: 0 });
    nowMs = 50;
    expect(movement('a', 600, 1_000, 500)).toBeUndefined();
    nowMs = 500;
    expect(movement('b', 100, 3_000)).toEqual({ done: 700, total: 4_000, unit: 'bytes', rateBps: 400 });
    nowMs = 510;
    expect(movement('a', 1_000, 1_000, 500)).toMatchObject({ done: 1_100, total: 4_000 });
    for (nowMs = 1_000; nowMs <= 10_000; nowMs += 500) movement('b', 100 + nowMs / 10, 3_000);
    nowMs = 10_500;
    // Of the last three seconds: 100 bytes each half second.
    const { rateBps = 0 } = movement('b', 1_150, 3_000) ?? {};
    expect(rateBps).toBe(100);
    nowMs = 11_000;
    expect(movement('b', 900, 3_000)).toMatchObject({ done: 2_150 });
  });
});

describe('a line of progress', () => {
  const fetching = { text: 'fetching left@1.0.0 from 3 peers', unit: 'bytes' };

  it.each([
    [{ text: 'signing' }, 80, 'signing'],
    [
      { ...fetching, done: 25_000_000, total: 100_000_000, rateBps: 5_000_000 },
      110,
      'fetching left@1.0.0 from 3 peers  [#####...............]  25 %  25.0 MB of 100.0 MB  5.0 MB/s  15 s left',
    ],
    [
      { ...fetching, done: 1_000, total: 8_000_000_000, rateBps: 1_000_000 },
      56,
      'fetching le  1.0 kB of 8.0 GB  1.0 MB/s  2 h 13 min left',
    ],
    [{ ...fetching, done: 2_000 }, 80, 'fetching left@1.0.0 from 3 peers  2.0 kB'],
    [
      { ...fetching, done: 5, total: 5, rateBps: 10 },
      90,
      'fetching left@1.0.0 from 3 peers  [####################] 100 %  5 B of 5 B  10 B/s',
    ],
    [{ ...fetching, done: 100, total: 100_000, rateBps: 800 }, 30, '100 B of 100.0 kB  800 B/s  2 '],
    [{ text: 'x', done: 1, total: 0, unit: 'bytes' }, 80, 'x  1 B of 0 B'],
  ])('of %j in %i columns', (event, columns, line) => {
    expect(progressLine(event, columns)).toBe(line);
    expect(line.length).toBeLessThanOrEqual(columns);
  });

  it('takes what a node tells for what it may be', () => {
    expect(progressOf({ text: 'a', done: 1, total: 2, unit: 'bytes', rateBps: 3, more: {} })).toEqual({
      text: 'a',
      done: 1,
      total: 2,
      unit: 'bytes',
      rateBps: 3,
    });
    expect(progressOf({ text: 7, done: '1', total: -1, unit: 'miles', rateBps: Number.NaN })).toEqual({
      text: '',
    });
  });
});
