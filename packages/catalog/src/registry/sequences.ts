import type { NodeId } from '@hypermesh/core';

/** What one publisher's index records look like, put in a row. */
export interface SequenceReport {
  readonly highest: number;
  /** Numbers below the highest that no record bears, at most 100 of them. */
  readonly gaps: readonly number[];
  /** Numbers that more than one record bears: the publisher, or somebody with its key, said two things. */
  readonly repeated: readonly number[];
  /** The highest number that was ever seen here, where that is above `highest`: the index shows an older state. */
  readonly rolledBackFrom?: number;
}

const mostGapsShown = 100;

/** Puts the sequence numbers of one publisher in a row and compares them with the highest that was seen before. */
export function reportSequences(numbers: readonly number[], seen: number): SequenceReport {
  const sorted = [...numbers].sort((a, b) => a - b);
  const gaps: number[] = [];
  const repeated = new Set<number>();
  let last = 0;
  for (const number of sorted) {
    if (number === last) repeated.add(number);
    for (let missing = last + 1; missing < number && gaps.length < mostGapsShown; missing++)
      gaps.push(missing);
    last = number;
  }
  const report = { highest: last, gaps, repeated: [...repeated] };
  return seen > last ? { ...report, rolledBackFrom: seen } : report;
}

/** Sequence reports of all publishers of an index. */
export type SequenceReports = ReadonlyMap<NodeId, SequenceReport>;
