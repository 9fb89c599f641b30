import type { Metrics } from '@hypermesh/core';

/** Counters of one process, kept in memory for `status`. Distributions are not kept. */
export interface Counters extends Metrics {
  /** What was counted under a name with these labels since the process started. */
  total(name: string, labels?: Readonly<Record<string, string>>): number;
}

/** Most series that are kept; further ones are dropped, so that no peer can make them grow without end. */
const maxSeries = 10_000;

/** Makes counters that start at 0. */
export function createCounters(): Counters {
  const totals = new Map<string, number>();
  const seriesOf = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
  return {
    count(name, value = 1, labels) {
      const series = seriesOf(name, labels);
      const before = totals.get(series);
      if (before === undefined && totals.size >= maxSeries) return;
      totals.set(series, (before ?? 0) + value);
    },
    observe: () => undefined,
    total: (name, labels) => totals.get(seriesOf(name, labels)) ?? 0,
  };
}
