/** What a series counts; base units only, as Prometheus wants them. */
export type MetricUnit = 'seconds' | 'bytes' | 'ratio' | 'fuel' | 'pages' | 'units' | 'things';

/** One row of the table of metrics. */
export interface MetricDescription {
  /** As it leaves the node. Packages leave `hypermesh_` out. */
  readonly name: `hypermesh_${string}`;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly unit: MetricUnit;
  /** Names of its labels, in the order in which they are written. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, rising; the last, infinite one is implied. */
  readonly buckets?: readonly number[];
}

/** What packages write before the names of their metrics is left to whoever collects them. */
export const metricPrefix = 'hypermesh_';
