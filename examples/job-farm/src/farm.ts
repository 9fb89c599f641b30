import type { Client } from '@hypermesh/client';

/** A part of the task: count the primes of this range. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What one job gave, where, and for how much. */
export interface Answer extends Range {
  readonly primes: number;
  readonly node: string;
  readonly fuel: bigint;
  readonly charge: bigint;
  /** Whether another member executed it again and found the same. */
  readonly confirmed: boolean;
}

/** Cuts the numbers below `limit` into `parts` ranges, none of them empty. */
export function ranges(limit: number, parts: number): Range[] {
  const size = Math.ceil(limit / parts);
  return Array.from({ length: Math.ceil(limit / size) }, (_, index) => ({
    from: index * size,
    to: Math.min(limit, (index + 1) * size),
  }));
}

/**
 * Has every range counted by some member, `atOnce` of them side by side; the node asks another where one is lost. Rejects with the
 * first job that fails for good, and starts no further ones then.
 */
export async function farm(
  client: Client,
  spec: string,
  jobs: readonly Range[],
  { atOnce, onAnswer }: { readonly atOnce: number; readonly onAnswer?: (answer: Answer) => void },
): Promise<Answer[]> {
  const waiting = [...jobs];
  const answers: Answer[] = [];
  const stop = new AbortController();
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined && !stop.signal.aborted; job = waiting.shift()) {
      const run = await client.call('run', { spec, input: JSON.stringify(job) }, { signal: stop.signal });
      if (run.exit !== 'ok')
        throw new Error(`${job.from} to ${job.to}: ${run.exit} on ${run.node}: ${run.detail}`);
      const answer = {
        ...job,
        primes: Number(run.outputText),
        node: run.node,
        fuel: BigInt(run.fuel),
        charge: BigInt(run.charge),
        confirmed: run.matches,
      };
      answers.push(answer);
      onAnswer?.(answer);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    stop.abort();
  }
  return answers.sort((a, b) => a.from - b.from);
}
