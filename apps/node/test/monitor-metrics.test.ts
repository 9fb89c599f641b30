import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsLaws } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import type { MetricDescription } from '../src/monitor/metrics/description.ts';
import { exposition, expositionFormatOf } from '../src/monitor/metrics/exposition.ts';
import { createMetrics } from '../src/monitor/metrics/registry.ts';
import { metricsPage } from '../src/monitor/table/document.ts';
import { metricTable } from '../src/monitor/table/index.ts';

const small: readonly MetricDescription[] = [
  { name: 'hypermesh_a_total', kind: 'counter', help: 'a', unit: 'things', labels: [] },
  { name: 'hypermesh_b_total', kind: 'counter', help: 'b', unit: 'bytes', labels: ['one', 'two'] },
  { name: 'hypermesh_c', kind: 'gauge', help: 'say "c" \\ in\ntwo lines', unit: 'ratio', labels: ['of'] },
  {
    name: 'hypermesh_d_seconds',
    kind: 'histogram',
    help: 'd',
    unit: 'seconds',
    labels: ['to'],
    buckets: [0.5, 1],
  },
];

describe('the registry of metrics', () => {
  for (const law of metricsLaws(createMetrics(small))) it(law.title, () => law.check());

  it('adds up counts, keeps what is set, and tells how often something was observed', () => {
    const metrics = createMetrics(small);
    metrics.count('a_total');
    metrics.count('hypermesh_a_total', 2);
    metrics.count('b_total', 5, { two: 'y', one: 'x' });
    metrics.set('c', -0.5, { of: 'z' });
    metrics.observe('d_seconds', 0.2, { to: 'w' });
    expect(metrics.total('a_total')).toBe(3);
    expect(metrics.total('b_total', { one: 'x', two: 'y' })).toBe(5);
    expect(metrics.total('c', { of: 'z' })).toBe(-0.5);
    expect(metrics.total('d_seconds', { to: 'w' })).toBe(1);
    expect(metrics.total('b_total', { one: 'q', two: 'y' })).toBe(0);
  });

  it.each<[string, (metrics: ReturnType<typeof createMetrics>) => void]>([
    ['an unknown name', (metrics) => metrics.count('nothing_total')],
    ['a name of every object', (metrics) => metrics.count('constructor')],
    ['a count that goes back', (metrics) => metrics.count('a_total', -1)],
    ['a count without end', (metrics) => metrics.count('a_total', Number.POSITIVE_INFINITY)],
    ['a count of a gauge', (metrics) => metrics.count('c')],
    ['an observation of a counter', (metrics) => metrics.observe('a_total', 1)],
    ['an observation of no number', (metrics) => metrics.observe('d_seconds', Number.NaN)],
    ['a histogram that is set', (metrics) => metrics.set('d_seconds', 1)],
  ])('drops %s and says so', (_, act) => {
    const metrics = createMetrics(small);
    act(metrics);
    expect(metrics.dropped).toBe(1);
    expect(metrics.total('a_total')).toBe(0);
  });

  it('is bounded, whatever labels say', () => {
    const metrics = createMetrics(small, { seriesOfOne: 10, numbers: 40 });
    for (let i = 0; i < 1000; i += 1) {
      metrics.count('b_total', 1, { one: `${i}`, two: 'x'.repeat(100_000) });
      metrics.observe('d_seconds', 1, { to: `${i}` });
    }
    let series = 0;
    metrics.each((_, { labels }) => {
      series += 1;
      for (const label of labels) expect(label.length).toBeLessThanOrEqual(64);
    });
    // One of `a`, ten of `b`, and as many histograms of five numbers as fit into the rest.
    expect(series).toBe(1 + 10 + 5);
    expect(metrics.dropped).toBe(2000 - 15);
  });

  it('goes on where something cannot be looked up', () => {
    const metrics = createMetrics(small);
    metrics.onRead(() => {
      throw new Error('gone');
    });
    const off = metrics.onRead(() => metrics.set('c', 4, { of: 'x' }));
    metrics.read();
    off();
    metrics.set('c', 5, { of: 'x' });
    metrics.read();
    expect(metrics.total('c', { of: 'x' })).toBe(5);
  });
});

describe('what scrapers are told', () => {
  it('is in the text format of Prometheus', () => {
    const metrics = createMetrics(small);
    metrics.count('b_total', 5, { one: 'a"\\\n', two: '' });
    metrics.set('c', Number.NaN, { of: 'gone' });
    for (const seconds of [0.1, 0.5, 0.7, 3]) metrics.observe('d_seconds', seconds, { to: 'x' });
    expect(exposition(metrics)).toBe(
      `${[
        '# HELP hypermesh_a_total a',
        '# TYPE hypermesh_a_total counter',
        'hypermesh_a_total 0',
        '# HELP hypermesh_b_total b',
        '# TYPE hypermesh_b_total counter',
        'hypermesh_b_total{one="a\\"\\\\\\n",two=""} 5',
        '# HELP hypermesh_d_seconds d',
        '# TYPE hypermesh_d_seconds histogram',
        'hypermesh_d_seconds_bucket{to="x",le="0.5"} 2',
        'hypermesh_d_seconds_bucket{to="x",le="1.0"} 3',
        'hypermesh_d_seconds_bucket{to="x",le="+Inf"} 4',
        'hypermesh_d_seconds_sum{to="x"} 4.3',
        'hypermesh_d_seconds_count{to="x"} 4',
      ].join('\n')}\n`,
    );
  });

  it('goes by what a request accepts', () => {
    expect(expositionFormatOf('application/openmetrics-text; version=1.0.0,text/plain;q=0.5')).toBe(
      'openmetrics',
    );
    expect(expositionFormatOf('text/plain')).toBe('prometheus');
    expect(expositionFormatOf(undefined)).toBe('prometheus');
  });
});

describe('the table of metrics', () => {
  it('names them as Prometheus wants it, in base units', () => {
    const suffixes = { seconds: '_seconds', bytes: '_bytes', ratio: '_ratio' } as const;
    for (const { name, kind, unit, help, buckets = [] } of metricTable) {
      expect(name).toMatch(/^hypermesh_[a-z][a-z0-9_]*$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
      if (unit in suffixes) expect(name).toContain(suffixes[unit as keyof typeof suffixes]);
      expect(help.length).toBeGreaterThan(8);
      expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
      expect(buckets.length > 0).toBe(kind === 'histogram');
    }
    expect(new Set(metricTable.map(({ name }) => name)).size).toBe(metricTable.length);
  });

  it('is what docs/metrics.md says', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');
    expect(page).toBe(metricsPage());
  });
});
