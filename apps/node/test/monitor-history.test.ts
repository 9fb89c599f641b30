import { appendFileSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '@hypermesh/core';
import { createManualClock } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import { maxHistoryBytes, maxRecordBytes, openHistory } from '../src/monitor/history/history.ts';
import { parseSelector, quantileOf } from '../src/monitor/history/series.ts';
import type { MetricDescription } from '../src/monitor/metrics/description.ts';
import { createMetrics } from '../src/monitor/metrics/registry.ts';
import { temporaryDirectory } from './support.ts';

const table: readonly MetricDescription[] = [
  { name: 'hypermesh_work_total', kind: 'counter', help: 'work', unit: 'things', labels: ['of'] },
  { name: 'hypermesh_level', kind: 'gauge', help: 'level', unit: 'things', labels: [] },
  {
    name: 'hypermesh_wait_seconds',
    kind: 'histogram',
    help: 'wait',
    unit: 'seconds',
    labels: [],
    buckets: [0.1, 1, 10],
  },
];
const startMs = 1_800_000_000_000;

function setUp(folder?: string, clock = createManualClock(startMs)) {
  const metrics = createMetrics(table);
  const history = openHistory({
    metrics,
    clock,
    log: silentLog,
    ...(folder === undefined ? {} : { folder }),
  });
  /** One step of 10 seconds in which so much was done. */
  const step = (work: number, level = work) => {
    clock.advance(10_000);
    metrics.count('work_total', work, { of: 'a' });
    metrics.set('level', level);
    history.sample();
  };
  const ask = (series: string, overMs: number, stepMs = 10_000) =>
    history.query({ series: [series], fromMs: clock.nowMs() - overMs + 1, toMs: clock.nowMs(), stepMs });
  return { metrics, history, clock, step, ask, [Symbol.dispose]: () => history[Symbol.dispose]() };
}
const valuesOf = (answer: ReturnType<ReturnType<typeof setUp>['ask']>) => answer.series[0]?.values;

describe('the history of a node', () => {
  it('gives rates of counts, averages of levels, and the highest of quantiles', () => {
    using node = setUp();
    for (const [work, level] of [
      [10, 1],
      [20, 3],
      [0, 5],
    ] as const) {
      node.metrics.observe('wait_seconds', work / 10);
      node.step(work, level);
    }
    expect(valuesOf(node.ask('hypermesh_work_total{of="a"}', 30_000))).toEqual([1, 2, 0]);
    expect(valuesOf(node.ask('hypermesh_level', 30_000))).toEqual([1, 3, 5]);
    expect(valuesOf(node.ask('hypermesh_level', 30_000, 30_000))).toEqual([3]);
    expect(valuesOf(node.ask('hypermesh_wait_seconds_p50', 30_000))?.[1]).toBeCloseTo(5.5);
    expect(node.ask('hypermesh_wait_seconds_count', 30_000).series[0]?.kind).toBe('count');
    expect(node.ask('hypermesh_other', 30_000).series).toEqual([]);
  });

  it('keeps an hour in steps of 10 seconds and 24 hours in steps of a minute, within stated memory', () => {
    using node = setUp();
    for (let i = 0; i < 25 * 360; i += 1) node.step(10);
    const day = node.ask('hypermesh_work_total', 24 * 3_600_000, 60_000);
    expect(day).toMatchObject({ stepMs: 60_000 });
    expect(day.times).toHaveLength(1440);
    expect(day.series[0]?.values.every((value) => Math.abs(Number(value) - 1) < 1e-6)).toBe(true);
    const hour = node.ask('hypermesh_work_total', 3_600_000);
    expect(hour.times).toHaveLength(360);
    expect(hour.series[0]?.values.every((value) => value === 1)).toBe(true);
    // 1,800 numbers of four bytes for each series, and the frame of the two rings.
    expect(node.history.memoryBytes).toBeLessThan(node.history.names.length * 7_200 + 24_000);
  });

  it('survives a restart: what was before is there, the pause is a gap, and no count is told twice [node-05]', () => {
    using folder = temporaryDirectory();
    const clock = createManualClock(startMs);
    {
      using first = setUp(folder.path, clock);
      for (let i = 0; i < 30; i += 1) first.step(10);
    }
    clock.advance(300_000);
    using second = setUp(folder.path, clock);
    for (let i = 0; i < 6; i += 1) second.step(20);
    const answer = second.ask('hypermesh_work_total', 660_000);
    const values = valuesOf(answer) ?? [];
    expect(values.slice(0, 30)).toEqual(Array(30).fill(1));
    expect(values.slice(-6)).toEqual(Array(6).fill(2));
    expect(values.slice(30, -6)).toEqual(Array(30).fill(null));
    const minutes = valuesOf(second.ask('hypermesh_work_total', 720_000, 60_000)) ?? [];
    expect(minutes.filter((value) => value !== null)).toEqual([1, 1, 1, 1, 1, 2]);
  });

  it('loses at most what came after the last sample when the process is killed, wherever its last write broke off', () => {
    using folder = temporaryDirectory();
    const clock = createManualClock(startMs);
    const first = setUp(folder.path, clock);
    for (let i = 0; i < 20; i += 1) first.step(10);
    // Not disposed of: as after kill -9. The last record is cut in its middle, and garbage follows elsewhere.
    const files = readdirSync(folder.path).map((name) => join(folder.path, name));
    const fine = files.find((file) => file.includes('fine')) ?? '';
    truncateSync(fine, statSync(fine).size - 5);
    const coarse = files.find((file) => file.includes('coarse')) ?? '';
    appendFileSync(coarse, Buffer.alloc(33, 0x7f));
    using second = setUp(folder.path, clock);
    second.step(30);
    const values = valuesOf(second.ask('hypermesh_work_total', 210_000)) ?? [];
    expect(values).toEqual([...Array(19).fill(1), null, 3]);
    expect(valuesOf(second.ask('hypermesh_work_total', 210_000, 60_000))).toEqual([1, 1, 1]);
    second.step(10);
    second.history[Symbol.dispose]();
    using third = setUp(folder.path, clock);
    third.step(0);
    expect(valuesOf(third.ask('hypermesh_work_total', 40_000))).toEqual([null, 3, 1, 0]);
  });

  it('finishes the minute that a kill cut off from its parts', () => {
    using folder = temporaryDirectory();
    const clock = createManualClock(startMs);
    const first = setUp(folder.path, clock);
    for (let i = 0; i < 9; i += 1) first.step(10);
    using second = setUp(folder.path, clock);
    for (let i = 0; i < 3; i += 1) second.step(10);
    expect(valuesOf(second.ask('hypermesh_work_total', 120_000, 60_000))).toEqual([1, 1]);
  });

  it('shows a clock that was set forward as a gap, and forgets what a clock set back had said of the time ahead', () => {
    using node = setUp();
    for (let i = 0; i < 6; i += 1) node.step(10);
    node.clock.jumpTo(node.clock.nowMs() + 600_000);
    for (let i = 0; i < 6; i += 1) node.step(20);
    const ahead = valuesOf(node.ask('hypermesh_work_total', 720_000)) ?? [];
    expect(ahead.filter((value) => value === 2)).toHaveLength(6);
    expect(ahead.filter((value) => value === null)).toHaveLength(60);
    node.clock.jumpTo(startMs + 60_000);
    for (let i = 0; i < 3; i += 1) node.step(30);
    const back = valuesOf(node.ask('hypermesh_work_total', 90_000)) ?? [];
    expect(back.slice(-3)).toEqual([3, 3, 3]);
    expect(back.slice(0, 6)).toEqual(Array(6).fill(1));
    for (let i = 0; i < 60; i += 1) node.step(0);
    expect(valuesOf(node.ask('hypermesh_work_total', 600_000))?.every((value) => value === 0)).toBe(true);
  });

  it('does not count a late look as a higher rate', () => {
    using node = setUp();
    node.step(10);
    node.clock.advance(20_000);
    node.metrics.count('work_total', 30, { of: 'a' });
    node.history.sample();
    expect(valuesOf(node.ask('hypermesh_work_total', 30_000))).toEqual([1, null, 1.5]);
  });

  it('takes a bounded place on disk, with more series than it may have and over restarts', () => {
    using folder = temporaryDirectory();
    const clock = createManualClock(startMs);
    const wide: readonly MetricDescription[] = Array.from({ length: 8 }, (_, index) => ({
      name: `hypermesh_wide_${index}_total` as const,
      kind: 'counter',
      help: 'many',
      unit: 'things',
      labels: ['of'],
    }));
    const bounds = { samples: 5, segments: 3, segmentBytes: 20_000 };
    for (let restart = 0; restart < 10; restart += 1) {
      const metrics = createMetrics(wide);
      using history = openHistory({ metrics, clock, log: silentLog, folder: folder.path, bounds });
      for (const { name } of wide)
        for (let i = 0; i < 100; i += 1) metrics.count(name, 1, { of: `${'label '.repeat(9)}${i}` });
      for (let i = 0; i < 7; i += 1) {
        clock.advance(60_000);
        history.sample();
      }
      expect(history.names.length).toBe(640);
      // A segment ends with the sample that makes it too long; the names of all series stand in it once.
      const most = 2 * (bounds.segments + 1) * (bounds.segmentBytes + maxRecordBytes);
      const onDisk = readdirSync(folder.path).reduce(
        (sum, name) => sum + statSync(join(folder.path, name)).size,
        0,
      );
      expect(onDisk).toBe(history.diskBytes);
      expect(onDisk).toBeLessThan(most);
      for (const name of readdirSync(folder.path))
        expect(statSync(join(folder.path, name)).size).toBeLessThan(bounds.segmentBytes + maxRecordBytes);
      expect(readdirSync(folder.path).length).toBeLessThanOrEqual(2 * (bounds.segments + 1));
    }
    expect(maxHistoryBytes).toBeLessThan(17 * 2 ** 20);
  });

  it('goes on in memory while the disk takes nothing, and writes again when it does', () => {
    using folder = temporaryDirectory();
    const clock = createManualClock(startMs);
    using node = setUp(join(folder.path, 'history'), clock);
    node.step(10);
    const { diskBytes } = node.history;
    expect(diskBytes).toBeGreaterThan(0);
    node.history[Symbol.dispose]();
    expect(() => node.step(10)).not.toThrow();
    expect(valuesOf(node.ask('hypermesh_work_total', 20_000))).toEqual([1, 1]);
  });

  it('answers with as many numbers as are bounded, in steps that are whole', () => {
    using node = setUp();
    for (let i = 0; i < 400; i += 1) node.step(10);
    const answer = node.ask('hypermesh_work_total', 400 * 86_400_000, 7_000);
    expect(answer.times.length).toBeLessThanOrEqual(1_500);
    expect(answer.stepMs % 60_000).toBe(0);
    expect(node.history.query({ series: ['hypermesh_level'], fromMs: 10, toMs: 5 }).times).toEqual([]);
  });
});

describe('selectors of series', () => {
  it.each([
    ['hypermesh_a_total', { name: 'hypermesh_a_total', labels: {} }],
    ['a{}', { name: 'a', labels: {} }],
    ['a{b="c"}', { name: 'a', labels: { b: 'c' } }],
    ['a{b="c", d="e\\"f,}"}', { name: 'a', labels: { b: 'c', d: 'e"f,}' } }],
  ])('%s is read', (text, expected) => expect(parseSelector(text)).toEqual(expected));

  it.each(['', 'A', 'a{', 'a{b}', 'a{b=c}', 'a{b="c"', 'a{b="c"}x', 'a b', 'a{b="c" d="e"}', 'a{b="\\x"}'])(
    '%j is none',
    (text) => expect(parseSelector(text)).toBeUndefined(),
  );
});

describe('a quantile of buckets', () => {
  it('lies within the bucket in which it is, by its share', () => {
    expect(quantileOf(Float64Array.of(0, 10, 0, 0), [1, 3, 5], 0.5)).toBe(2);
    expect(quantileOf(Float64Array.of(5, 5, 0, 0), [1, 3, 5], 0.75)).toBe(2);
  });

  it('is the last bound where all is above it, and nothing where nothing was seen', () => {
    expect(quantileOf(Float64Array.of(0, 0, 0, 4), [1, 3, 5], 0.5)).toBe(5);
    expect(quantileOf(Float64Array.of(0, 0, 0, 0), [1, 3, 5], 0.5)).toBeNaN();
  });
});
