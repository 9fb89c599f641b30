import type { MetricDescription } from '../metrics/description.ts';
import type { MetricsRegistry } from '../metrics/registry.ts';

/**
 * How numbers of a series come together over time: counts add up and are read as rates, levels are averaged, and of
 * peaks (quantiles of a histogram) the highest stays.
 */
export type SeriesKind = 'count' | 'level' | 'peak';

/** One series of the history. A histogram is five of them: `_count`, `_sum`, `_p50`, `_p95` and `_p99`. */
export interface HistorySeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kind: SeriesKind;
  /** The text by which it is told from others, as Prometheus writes it. */
  readonly key: string;
}

/** Makes a series. */
export function seriesOf(
  name: string,
  labels: Readonly<Record<string, string>>,
  kind: SeriesKind,
): HistorySeries {
  return { name, labels, kind, key: keyOf({ name, labels }) };
}

function keyOf({ name, labels }: Pick<HistorySeries, 'name' | 'labels'>): string {
  const pairs = Object.entries(labels);
  if (pairs.length === 0) return name;
  return `${name}{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')}}`;
}

/** What is asked for: a name alone, or a name with labels that must be equal. */
export interface Selector {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const selectorPattern = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})?$/s;
const pairPattern = /\s*([a-z_][a-z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*")\s*(,|$)/gy;

/** Reads `name` or `name{label="value"}`; undefined for anything else. */
export function parseSelector(text: string): Selector | undefined {
  const [, name, inner] = selectorPattern.exec(text) ?? [];
  if (name === undefined) return undefined;
  const labels: Record<string, string> = {};
  if (inner === undefined || inner.trim() === '') return { name, labels };
  pairPattern.lastIndex = 0;
  let end = 0;
  for (let match = pairPattern.exec(inner); match !== null; match = pairPattern.exec(inner)) {
    const value = unquote(match[2] ?? '');
    if (value === undefined) return undefined;
    labels[match[1] ?? ''] = value;
    end = pairPattern.lastIndex;
    if (match[3] === '') break;
  }
  return end === inner.length && end > 0 ? { name, labels } : undefined;
}

function unquote(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

/** Whether a series is meant. */
export function isSelected(
  selector: Selector,
  { name, labels }: Pick<HistorySeries, 'name' | 'labels'>,
): boolean {
  return (
    name === selector.name &&
    Object.entries(selector.labels).every(([label, value]) => labels[label] === value)
  );
}

const quantiles = [
  ['_p50', 0.5],
  ['_p95', 0.95],
  ['_p99', 0.99],
] as const;

/** One series of a registry, as it was at the last look. */
interface Known {
  /** Of a counter or gauge itself; of a histogram count, sum and quantiles. */
  readonly series: readonly HistorySeries[];
  value: number;
  count: number;
  buckets: Float64Array | undefined;
}

/** What a registry's numbers have become since the last look: counts as what was added, levels as they are. */
export class Differences {
  /** By the labels, which a registry keeps for each series. */
  readonly #known = new WeakMap<readonly string[], Known>();

  /** Calls back for each series; counts that did not move come as 0. */
  since(metrics: MetricsRegistry, visit: (series: HistorySeries, value: number) => void): void {
    metrics.each((description, series) => {
      let known = this.#known.get(series.labels);
      if (known === undefined) {
        known = { series: seriesFor(description, series.labels), value: 0, count: 0, buckets: undefined };
        this.#known.set(series.labels, known);
      }
      const [first, second, ...peaks] = known.series as [HistorySeries, ...HistorySeries[]];
      if (description.kind === 'gauge') {
        visit(first, series.value);
        return;
      }
      // A total that is kept elsewhere may begin again; then all of it is new.
      const added = series.value >= known.value ? series.value - known.value : series.value;
      known.value = series.value;
      if (series.buckets === undefined || second === undefined) {
        visit(first, added);
        return;
      }
      visit(first, series.count - known.count);
      visit(second, added);
      known.count = series.count;
      const before = known.buckets ?? new Float64Array(series.buckets.length);
      const fallen = series.buckets.map((count, index) => count - (before[index] as number));
      known.buckets = series.buckets.slice();
      for (const [index, peak] of peaks.entries()) {
        visit(peak, quantileOf(fallen, description.buckets ?? [], quantiles[index]?.[1] ?? 1));
      }
    });
  }
}

function seriesFor(
  { name, kind, labels: names }: MetricDescription,
  values: readonly string[],
): readonly HistorySeries[] {
  const labels = Object.fromEntries(names.map((label, index) => [label, values[index] ?? '']));
  if (kind !== 'histogram') return [seriesOf(name, labels, kind === 'gauge' ? 'level' : 'count')];
  return [
    seriesOf(`${name}_count`, labels, 'count'),
    seriesOf(`${name}_sum`, labels, 'count'),
    ...quantiles.map(([suffix]) => seriesOf(`${name}${suffix}`, labels, 'peak')),
  ];
}

/** A quantile of what fell into buckets, evenly spread within each; NaN where nothing did. */
export function quantileOf(counts: Float64Array, bounds: readonly number[], share: number): number {
  let sum = 0;
  for (const count of counts) sum += count;
  if (!(sum > 0)) return Number.NaN;
  const wanted = share * sum;
  let below = 0;
  for (const [index, count] of counts.entries()) {
    if (below + count >= wanted && count > 0) {
      const upper = bounds[index];
      // Above the last bound nothing is known but that.
      if (upper === undefined) return bounds.at(-1) ?? Number.NaN;
      const lower = index === 0 ? 0 : (bounds[index - 1] as number);
      return lower + ((upper - lower) * (wanted - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? Number.NaN;
}
