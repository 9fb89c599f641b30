import type { Metrics } from '@hypermesh/core';

/** How long the last blocks took to become final, from their first sight here, milliseconds. */
export interface FinalityFigures {
  readonly samples: number;
  readonly lastMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const keptSamples = 512;

/** Metrics that are passed on to `metrics`, and remember the last times to finality. */
export function watchFinality(metrics: Metrics): Metrics & { figures(): FinalityFigures | undefined } {
  const samples = new Float64Array(keptSamples);
  let seen = 0;
  return {
    count: (name, value, labels) => metrics.count(name, value, labels),
    observe(name, value, labels) {
      metrics.observe(name, value, labels);
      if (name !== 'consensus_finality_seconds') return;
      samples[seen % keptSamples] = value * 1000;
      seen += 1;
    },
    figures() {
      const count = Math.min(seen, keptSamples);
      if (count === 0) return undefined;
      const sorted = samples.slice(0, count).sort();
      const at = (share: number) => sorted[Math.min(count - 1, Math.ceil(share * count) - 1)] ?? 0;
      const lastMs = samples[(seen - 1) % keptSamples] ?? 0;
      return { samples: count, lastMs, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) };
    },
  };
}
