import type { MetricDescription, MetricUnit } from '../metrics/description.ts';

type Row = readonly [help: string, unit?: MetricUnit, labels?: readonly string[]];

/** Rows of counters, by their names without `hypermesh_`. */
export const counters = (rows: Readonly<Record<string, Row>>): readonly MetricDescription[] =>
  describe('counter', rows);

/** Rows of gauges. */
export const gauges = (rows: Readonly<Record<string, Row>>): readonly MetricDescription[] =>
  describe('gauge', rows);

/** Rows of histograms with the same buckets. */
export const histograms = (
  buckets: readonly number[],
  rows: Readonly<Record<string, Row>>,
): readonly MetricDescription[] => describe('histogram', rows).map((row) => ({ ...row, buckets }));

function describe(
  kind: MetricDescription['kind'],
  rows: Readonly<Record<string, Row>>,
): readonly MetricDescription[] {
  return Object.entries(rows).map(([name, [help, unit = 'things', labels = []]]) => ({
    name: `hypermesh_${name}` as const,
    kind,
    help,
    unit,
    labels,
  }));
}

/** From a request within a machine to one that is given up: 0.5 ms to 30 s. */
export const secondsBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
