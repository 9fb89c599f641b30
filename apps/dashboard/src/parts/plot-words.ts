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
