import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { interleave, summarize } from '../src/interleave.ts';
import { mergeLines, parseLines, performancePage } from '../src/performance-page.ts';
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

it('writes a page of tables by package, newest lines in the place of older ones, and says what misses', () => {
  const line = (name: string, value: number) =>
    toLine({ name, value, unit: 'ms', baseline: 2, aim: '<= 1.5' });
  const all = mergeLines([line('stoq/b', 9), line('core/a', 1)], [line('stoq/b', 2), line('stoq/c|d', 8)]);
  expect(all.map(({ name, value }) => [name, value])).toEqual([
    ['core/a', 1],
    ['stoq/b', 2],
    ['stoq/c|d', 8],
  ]);
  const page = performancePage(all);
  expect(page).toContain('2 of 3 aims are met.');
  expect(page).toMatch(/## core\n[\s\S]*## stoq\n/);
  expect(page).toContain('| c\\|d | 8 ms | 2 ms | 4 | <= 1.5: **missed** |');
});

it('docs/performance.md is what docs/performance.jsonl makes of it', () => {
  const docs = join(import.meta.dirname, '../../../docs');
  const lines = parseLines(readFileSync(join(docs, 'performance.jsonl'), 'utf8'));
  expect(readFileSync(join(docs, 'performance.md'), 'utf8')).toBe(performancePage(lines));
});
