/** What repeated runs of one case gave. `spread` is (max − min) / median; `samples` keep the order of the rounds. */
export interface Sampled {
  median: number;
  spread: number;
  runs: number;
  samples: number[];
}

/** A case returns its own sample in any unit, or nothing and is timed in milliseconds. */
// biome-ignore lint/suspicious/noConfusingVoidType: a case may end without a return
export type Cases<Name extends string> = Record<Name, () => number | void | Promise<number | void>>;

export interface InterleaveOptions<Name extends string> {
  /** At least 5; 7 unless told. */
  rounds?: number;
  /** Rounds that run first and are thrown away; 1 unless told. */
  warmup?: number;
  cases: Cases<Name>;
}

/**
 * Runs all cases in turn, round after round, so that a change of load falls on each of them alike. Every second
 * round runs in reverse order, so that no case always follows the same neighbour.
 */
export async function interleave<Name extends string>(
  options: InterleaveOptions<Name>,
): Promise<Record<Name, Sampled>> {
  const { rounds = 7, warmup = 1 } = options;
  if (!Number.isInteger(rounds) || rounds < 5)
    throw new RangeError(`rounds must be 5 or more, not ${rounds}`);
  const entries = Object.entries(options.cases) as [Name, Cases<Name>[Name]][];
  const samples = new Map<Name, number[]>(entries.map(([name]) => [name, []]));
  for (let round = -warmup; round < rounds; round++) {
    for (const [name, run] of round % 2 === 0 ? entries : entries.toReversed()) {
      const startMs = performance.now();
      const sample = (await run()) ?? performance.now() - startMs;
      if (round >= 0) samples.get(name)?.push(sample);
    }
  }
  return Object.fromEntries([...samples].map(([name, list]) => [name, summarize(list)])) as Record<
    Name,
    Sampled
  >;
}

/** Median and spread of samples in any unit. */
export function summarize(samples: number[]): Sampled {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
  const spread = ((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) / median;
  return { median, spread, runs: samples.length, samples };
}
