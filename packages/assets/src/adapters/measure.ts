import { performance } from 'node:perf_hooks';
import type { Measured } from '../ports.ts';

/** Repetitions of which the median is taken. */
const repetitions = 5;

/** Checks a budget and gives what is left of it for each repetition. */
export function repetitionMs(budgetMs: number): number {
  return Math.max(1, budgetMs / repetitions);
}

/** Units a second of work that is repeated for a while: `work` does `units` at once. */
export async function throughput(
  budgetMs: number,
  { units, work }: { readonly units: number; work(): unknown },
  signal?: AbortSignal,
): Promise<Measured> {
  const eachMs = repetitionMs(budgetMs);
  work();
  const rates: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    signal?.throwIfAborted();
    const startMs = performance.now();
    let turns = 0;
    let passedMs = 0;
    do {
      work();
      turns += 1;
      passedMs = performance.now() - startMs;
    } while (passedMs < eachMs);
    rates.push((units * turns * 1_000) / passedMs);
    // Others of this process get their turn between two repetitions.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return summarize(rates);
}

/** Median and spread, whole numbers. */
export function summarize(samples: readonly number[]): Measured {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = Math.round(sorted[sorted.length >> 1] ?? 0);
  const range = (sorted.at(-1) ?? 0) - (sorted[0] ?? 0);
  return {
    value,
    spreadBp: value === 0 ? 0 : Math.min(1_000_000, Math.round((range * 10_000) / value)),
    runs: samples.length,
  };
}
