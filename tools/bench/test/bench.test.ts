import { expect, it } from 'vitest';
import { interleave, summarize } from '../src/interleave.ts';
import { isMet, toLine } from '../src/report.ts';
import { toTable } from '../src/table.ts';

it('runs the cases in turn, reverses every second round and leaves the warm-up out', async () => {
  const order: string[] = [];
  const sampled = await interleave({
    rounds: 5,
    warmup: 2,
    cases: { a: () => order.push('a'), b: () => order.push('b') },
  });
  expect(order.join('')).toBe(`${'abba'.repeat(3)}ab`);
  expect(sampled.a.samples).toEqual([5, 8, 9, 12, 13]);
  expect(sampled.b.runs).toBe(5);
});

it('times a case that returns nothing in milliseconds', async () => {
  const { spin } = await interleave({
    rounds: 5,
    cases: {
      spin: () => {
        const endMs = performance.now() + 2;
        while (performance.now() < endMs);
      },
    },
  });
  expect(spin.median).toBeGreaterThanOrEqual(2);
});

it('refuses fewer than five rounds', async () => {
  await expect(interleave({ rounds: 4, cases: {} })).rejects.toThrow(RangeError);
});

it('takes the median and the spread', () => {
  expect(summarize([4, 1, 3])).toMatchObject({ median: 3, spread: 1, runs: 3 });
  expect(summarize([1, 2, 3, 4]).median).toBe(2.5);
});

it('judges a bare aim by the ratio and an aim with the unit by the value', () => {
  const line = toLine({ name: 'x/y', value: 6, unit: 'ms', baseline: 3, aim: '>= 2' });
  expect(line.ratio).toBe(2);
  expect(isMet(line)).toBe(true);
  expect(isMet({ ...line, aim: '> 2' })).toBe(false);
  expect(isMet({ ...line, aim: '<= 5.9 ms' })).toBe(false);
  expect(isMet({ ...line, aim: '< 7 ms' })).toBe(true);
});

it.each(['2', '>= two', '>= 2 s', 'fast'])('refuses the aim "%s"', (aim) => {
  expect(() => isMet(toLine({ name: 'x/y', value: 1, unit: 'ms', aim }))).toThrow(RangeError);
});

it('prints what misses its aim as it is', () => {
  const lines = [
    toLine({ name: 'x/y', value: 1, unit: 'MB/s', baseline: 2, baselineName: 'other', aim: '>= 2' }),
  ];
  expect(toTable(lines)).toMatch(/x\/y +1 MB\/s +2 \(other\) +0\.5 +>= 2 +MISSED/);
  expect(toTable(lines)).toContain('0 of 1 aims met, 1 missed');
});
