import { describe, expect, it } from 'vitest';
import { faultOf } from '../src/data/fault.ts';
import { linesOf } from '../src/data/history.ts';
import { shortId } from '../src/format/ids.ts';
import {
  counted,
  formatAmountShort,
  formatBytes,
  formatCompact,
  formatCount,
  formatRate,
  formatShare,
} from '../src/format/numbers.ts';
import { formatAgo, formatDuration } from '../src/format/times.ts';
import { describeAsset, formatQuantity, readAttributes } from '../src/pages/assets/quantities.ts';
import { perMinute, perStep } from '../src/pages/overview/rates.ts';
import { firstFields, runRequest } from '../src/pages/runs/run-request.ts';
import { frame, ring, thickness } from '../src/pages/topology/place.ts';
import { partsOf } from '../src/parts/node-words-parts.ts';
import { beginOf, eachOnce, rangeOf, spread, wordsOf } from '../src/parts/plot-words.ts';

describe('numbers and times', () => {
  it.each([
    [formatBytes(999), '999 B'],
    [formatBytes(1_500_000), '1.5 MB'],
    [formatBytes('12000000000'), '12.0 GB'],
    [formatBytes(999_999), '1.0 MB'],
    [formatRate(2_048), '2.0 kB/s'],
    [formatCount('18446744073709551615'), '18,446,744,073,709,551,615'],
    [formatCount('not a number'), 'not a number'],
    [formatCompact(12_345_678n), '12.3 M'],
    [formatCompact('10000000000'), '10 G'],
    [formatCompact(999_999), '1 M'],
    [formatCompact(22), '22'],
    [formatAmountShort('1000000000000000'), '1.000 P'],
    [formatAmountShort('999999999900000'), '999.9 T'],
    [formatAmountShort('12345678901'), '12.34 G'],
    [formatAmountShort('999999999'), '999,999,999'],
    [counted(1, 'region'), '1 region'],
    [counted(2, 'region'), '2 regions'],
    [formatShare(1_250), '12.5 %'],
    [formatDuration(0), '0 ms'],
    [formatDuration(0.42), '0.42 ms'],
    [formatDuration(4_213), '4.21 s'],
    [formatDuration(11_520_000), '3 h 12 min'],
    [formatDuration(86_400_000), '1 d'],
    [formatAgo(0, 500), 'now'],
    [formatAgo(0, 90_000), '1 min ago'],
    [formatAgo(7_200_000, 0), 'in 2 h'],
    [shortId('short'), 'short'],
    [shortId('bafyreidykglsfhoixmivffc5uwhcgshx4j465xwqntbmu43nb2dzqwfvae'), 'bafyre…qwfvae'],
  ])('reads %s', (words, expected) => {
    expect(words).toBe(expected);
  });
});

describe('a plot for those who do not see it', () => {
  it('is a sentence for each line, also without any figure', () => {
    const words = wordsOf(
      [
        { label: 'In', values: [3, null, 9, 6] },
        { label: 'Out', values: [null] },
      ],
      (value) => `${value} B`,
    );
    expect(words).toBe('In: last 6 B, from 3 B to 9 B. Out: nothing measured yet.');
  });

  it('is a table of some of its figures, the newest always among them', () => {
    expect(spread(5, 60)).toEqual([4, 3, 2, 1, 0]);
    const some = spread(8_640, 60);
    expect([some[0], some.length <= 60]).toEqual([8_639, true]);
  });
});

describe('blocks in time', () => {
  it('are counted in whole steps, without the running one and without time that is not known', () => {
    const rate = perStep([1_000, 11_000, 12_000, 31_000], { nowMs: 35_000, stepMs: 10_000, steps: 10 });
    expect(rate).toEqual({ timesMs: [10_000, 20_000], counts: [2, 0] });
  });

  it('a minute is told from as much of it as is known, and not from less than five seconds', () => {
    expect(perMinute([0, 10_000, 20_000], 30_000)).toBe(4);
    expect(perMinute([29_000], 30_000)).toBeUndefined();
    expect(perMinute([], 30_000)).toBeUndefined();
  });
});

describe('a run that is asked for', () => {
  it('costs at most its fuel at its price, rounded up', () => {
    const asked = runRequest({ ...firstFields, spec: 'echo', fuel: '1000001', price: '10' });
    expect(asked).toMatchObject({
      ok: true,
      most: 11n,
      request: { spec: 'echo', memoryPages: 977, deadlineMs: 30_000 },
    });
  });

  it('says of each field what it takes', () => {
    const asked = runRequest({
      ...firstFields,
      fuel: '0',
      price: 'x',
      memoryMb: '',
      seconds: '-1',
      on: 'birch',
      audit: 'birch',
    });
    expect(asked.ok ? [] : Object.keys(asked.errors).sort()).toEqual([
      'audit',
      'fuel',
      'memoryMb',
      'price',
      'seconds',
      'spec',
    ]);
  });
});

describe('assets in words', () => {
  it('quantities come in units that people know', () => {
    expect([
      formatQuantity('cpu', 1_000_000),
      formatQuantity('cpu', 500_000),
      formatQuantity('memory', 1e9),
    ]).toEqual(['1 core', '0.5 cores', '1.0 GB']);
  });

  it('any attributes can be read, known or not', () => {
    expect(describeAsset('library', { name: 'echo', version: '1.2.3' })).toBe('echo, 1.2.3');
    expect(describeAsset('x.thing', { nested: {} })).toBe('x.thing');
    expect(readAttributes({ bytes: 1e9, isRotational: false, ownThing: [1, 'a'], deep: { a: 1 } })).toEqual([
      ['Size', '1.0 GB'],
      ['Rotational', 'no'],
      ['Own thing', '1, a'],
      ['Deep', '{"a":1}'],
    ]);
  });
});

describe('the drawing of links', () => {
  it('keeps every member inside its frame, however many there are', () => {
    for (const count of [0, 1, 2, 3, 4, 7, 60]) {
      const spots = ring(count);
      const [, top = 0, width = 0, height = 0] = frame(spots).split(' ').map(Number);
      expect(spots.length).toBe(count);
      for (const { x, y } of spots)
        expect(x > 20 && x < width - 20 && y > top + 20 && y < top + height - 20).toBe(true);
    }
    expect(thickness(0)).toBeLessThan(thickness(1e9));
  });
});

describe('what went wrong', () => {
  it('is told from whatever was thrown', () => {
    const error = Object.assign(new Error('not now'), {
      failure: { code: 'node/refused', next: 'wait', status: 409 },
    });
    expect(faultOf(error)).toEqual({ code: 'node/refused', message: 'not now', next: 'wait', status: 409 });
    expect(faultOf('text')).toEqual({ code: 'pages/unknown', message: 'text' });
    expect(faultOf(undefined)).toEqual({ code: 'pages/unknown', message: 'undefined' });
  });
});

describe('the axis of a plot', () => {
  it('begins with the first figure of any line, and is two minutes at least', () => {
    const lines = [
      { label: 'In', values: [null, null, null, 4] },
      { label: 'Out', values: [null, null, 3, null] },
    ];
    expect(beginOf(lines)).toBe(2);
    expect(beginOf([{ label: 'In', values: [null, null] }])).toBe(0);
    expect(rangeOf(1_000, 1_030)).toEqual([1_000, 1_120]);
    expect(rangeOf(1_000, 4_600)).toEqual([1_000, 4_600]);
    expect(rangeOf(null, null)).toEqual([0, 120]);
    expect(eachOnce(['0 B/s', '0 B/s', '1 B/s'])).toEqual(['0 B/s', '', '1 B/s']);
  });
});

describe('a sentence of the node', () => {
  it('is cut into words, ids that can be copied and times, and nothing of it is lost', () => {
    const id = 'bafyreidf2ty7hpedewgizvmmgv4jkgls2ffgnivo7f6u6qqjadxzgn4jsq';
    const root = `SHA256:${'7c'.repeat(32)}`;
    const text = `keys of ${id}; one root is believed: ${root} until 2026-11-21T17:18:50.000Z, no less`;
    const parts = partsOf(text);
    expect(parts.map(({ words }) => words).join('')).toBe(text);
    expect(parts.filter(({ kind }) => kind === 'id').map(({ words }) => words)).toEqual([id, root]);
    expect(parts.filter(({ kind }) => kind === 'time').map(({ words }) => words)).toEqual([
      '2026-11-21T17:18:50.000Z',
    ]);
    expect(partsOf('the face of a cafe')).toEqual([{ kind: 'words', words: 'the face of a cafe' }]);
  });
});

describe('the history of a metric', () => {
  const one = (name: string, labels: Record<string, string>, values: (number | null)[]) =>
    ({ name, labels, kind: 'count', values }) as const;
  const history = {
    times: [1, 2, 3],
    series: [
      one('operations_total', { kind: 'asset.register' }, [4, 0, null]),
      one('blocks_total', {}, [1, 1, 1]),
      one('operations_total', { kind: 'lease.commit' }, [null, 3, null]),
    ],
  };

  it('is the sum over its labels, each line found by its name and not by its place', () => {
    expect(linesOf(['blocks_total', 'operations_total', 'none_total'], history)).toEqual([
      [1, 1, 1],
      [4, 3, null],
      [null, null, null],
    ]);
    expect(linesOf(['operations_total{kind="lease.commit"}'], history)).toEqual([[null, 3, null]]);
  });
});
