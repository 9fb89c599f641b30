/** One line of a plot: a value for each time, null where nothing was measured. */
export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

/** What a plot shows in a sentence for each line: the last value, the least and the most. */
export function wordsOf(series: readonly Series[], format: (value: number) => string): string {
  const words = series.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    const last = known.at(-1);
    if (last === undefined) return `${label}: nothing measured yet.`;
    // Reduced rather than spread: a day of figures is more than a call takes.
    const least = known.reduce((a, b) => Math.min(a, b));
    const most = known.reduce((a, b) => Math.max(a, b));
    return `${label}: last ${format(last)}, from ${format(least)} to ${format(most)}.`;
  });
  return words.join(' ');
}

/** At most `count` places of a list of that length, evenly spread, the last one always among them, newest first. */
export function spread(length: number, count: number): readonly number[] {
  const step = Math.max(1, Math.ceil(length / count));
  const places: number[] = [];
  for (let at = length - 1; at >= 0; at -= step) places.push(at);
  return places;
}

/** Where the figures begin: before it nothing was measured, in no line. 0 where nothing was measured at all. */
export function beginOf(series: readonly Series[]): number {
  const begins = series
    .map(({ values }) => values.findIndex((value) => value !== null))
    .filter((at) => at >= 0);
  return begins.length === 0 ? 0 : begins.reduce((a, b) => Math.min(a, b));
}

/** Shortest time that a plot is wide, seconds: below it, seconds of data would look like a history. */
const leastSpan = 120;

/** The span of the time axis in seconds, for data from `from` to `to`: it begins with them and is two minutes at least. */
export function rangeOf(from: number | null, to: number | null): [number, number] {
  if (from === null || to === null) return [0, leastSpan];
  return to - from >= leastSpan ? [from, to] : [from, from + leastSpan];
}

/** Marks of an axis without repetitions: small values in whole units would read the same several times. */
export function eachOnce(marks: readonly string[]): string[] {
  return marks.map((mark, at) => (mark === marks[at - 1] ? '' : mark));
}
