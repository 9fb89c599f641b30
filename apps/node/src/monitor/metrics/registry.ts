import type { Metrics } from '@hypermesh/core';
import { type MetricDescription, metricPrefix } from './description.ts';

/** Labels of one series by name. */
export type MetricLabels = Readonly<Record<string, string>>;

/** One series of a metric as it stands: a number, or the parts of a histogram. */
export interface MetricSeries {
  /** Values of the labels, in the order of the description. */
  readonly labels: readonly string[];
  readonly value: number;
  /** Of a histogram: how many were observed, and how many of them in each bucket (not cumulated, the infinite one last). */
  readonly count: number;
  readonly buckets: Float64Array | undefined;
}

/** The metrics of one process: counts, distributions, and values that are looked up when somebody asks. */
export interface MetricsRegistry extends Metrics {
  /** Sets a gauge, or a counter whose total is kept elsewhere; NaN takes the series away until it is set again. */
  set(name: string, value: number, labels?: MetricLabels): void;
  /** Has `look` called before every reading: it sets what nobody counts. The answer ends it. */
  onRead(look: () => void): () => void;
  /** Has every `look` set its values. */
  read(): void;
  /** A counter's or gauge's value, or how often a histogram observed; 0 for what was never seen. */
  total(name: string, labels?: MetricLabels): number;
  /** Calls back for each series of the table, metric by metric; the buckets are views that the next count changes. */
  each(visit: (description: MetricDescription, series: MetricSeries) => void): void;
  readonly descriptions: readonly MetricDescription[];
  /** Counts that had no place: an unknown name, a number that is none, or a series above the bounds. */
  readonly dropped: number;
}

/** Series of one metric, and numbers of all series together: what peers and programs say cannot make it grow beyond. */
const defaultBounds = { seriesOfOne: 256, numbers: 16_384 };
/** Longest value of a label, in characters. */
const maxLabelChars = 64;
const separator = '\u001f';

class Family {
  readonly description: MetricDescription;
  readonly at = new Map<string, number>();
  readonly labelsAt = new Map<number, readonly string[]>();
  /** Numbers per series: one, or the buckets with the infinite one, the sum and the count. */
  readonly width: number;

  constructor(description: MetricDescription) {
    this.description = description;
    this.width = description.kind === 'histogram' ? (description.buckets ?? []).length + 3 : 1;
  }

  keyOf(labels: MetricLabels | undefined): string {
    const names = this.description.labels;
    const [first] = names;
    if (first === undefined || labels === undefined) return '';
    if (names.length === 1) return cut(labels[first]);
    return names.map((name) => cut(labels[name])).join(separator);
  }
}

/**
 * Makes the metrics that a table describes. A count costs two look-ups in maps and one addition; numbers lie in one typed array. Nothing
 * here throws.
 */
export function createMetrics(
  descriptions: readonly MetricDescription[],
  bounds: Partial<typeof defaultBounds> = {},
): MetricsRegistry {
  const { seriesOfOne, numbers } = { ...defaultBounds, ...bounds };
  const families = new Map<string, Family>();
  for (const description of descriptions) {
    const family = new Family(description);
    families.set(description.name, family);
    families.set(description.name.slice(metricPrefix.length), family);
  }
  const ordered = descriptions.map(({ name }) => families.get(name) as Family);
  const looks = new Set<() => void>();
  let values = new Float64Array(1024);
  let used = 0;
  let dropped = 0;

  function placeOf(family: Family, labels: MetricLabels | undefined): number {
    const key = family.keyOf(labels);
    const found = family.at.get(key);
    if (found !== undefined) return found;
    if (family.at.size >= seriesOfOne || used + family.width > numbers) return -1;
    const place = used;
    used += family.width;
    if (used > values.length) {
      const larger = new Float64Array(Math.min(numbers, Math.max(used, values.length * 2)));
      larger.set(values);
      values = larger;
    }
    family.at.set(key, place);
    family.labelsAt.set(place, family.description.labels.length === 0 ? [] : key.split(separator));
    return place;
  }

  const registry: MetricsRegistry = {
    descriptions,
    get dropped() {
      return dropped;
    },
    count(name, value = 1, labels) {
      const family = families.get(name);
      if (
        family === undefined ||
        family.description.kind !== 'counter' ||
        !(value >= 0 && value < Infinity)
      ) {
        dropped += 1;
        return;
      }
      const place = placeOf(family, labels);
      if (place < 0) dropped += 1;
      else values[place] = (values[place] as number) + value;
    },
    observe(name, value, labels) {
      const family = families.get(name);
      if (family === undefined || family.description.kind !== 'histogram' || !Number.isFinite(value)) {
        dropped += 1;
        return;
      }
      const place = placeOf(family, labels);
      if (place < 0) {
        dropped += 1;
        return;
      }
      const bounds = family.description.buckets ?? [];
      let bucket = 0;
      while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
      const sum = place + bounds.length + 1;
      values[place + bucket] = (values[place + bucket] as number) + 1;
      values[sum] = (values[sum] as number) + value;
      values[sum + 1] = (values[sum + 1] as number) + 1;
    },
    set(name, value, labels) {
      const family = families.get(name);
      if (family === undefined || family.description.kind === 'histogram') {
        dropped += 1;
        return;
      }
      const place = placeOf(family, labels);
      if (place < 0) dropped += 1;
      else values[place] = value;
    },
    onRead(look) {
      looks.add(look);
      return () => {
        looks.delete(look);
      };
    },
    read() {
      for (const look of looks) {
        try {
          look();
        } catch {
          // What cannot be looked up now, such as a service that stops, keeps its last value.
        }
      }
    },
    total(name, labels) {
      const family = families.get(name);
      const place = family?.at.get(family.keyOf(labels));
      if (family === undefined || place === undefined) return 0;
      return values[place + family.width - 1] as number;
    },
    each(visit) {
      for (const family of ordered) {
        const { width, description } = family;
        const isHistogram = description.kind === 'histogram';
        for (const place of family.at.values()) {
          visit(description, {
            labels: family.labelsAt.get(place) ?? [],
            value: values[isHistogram ? place + width - 2 : place] as number,
            count: values[place + width - 1] as number,
            buckets: isHistogram ? values.subarray(place, place + width - 2) : undefined,
          });
        }
      }
    },
  };
  // A counter without labels is there from the start: a rate can be told from its first count on.
  for (const family of ordered) if (family.description.labels.length === 0) placeOf(family, undefined);
  return registry;
}

/** Values come from closed sets; what does not is cut, and never breaks a key apart. */
function cut(value: string | undefined): string {
  if (value === undefined) return '';
  const short = value.length > maxLabelChars ? value.slice(0, maxLabelChars) : value;
  return short.includes(separator) ? short.replaceAll(separator, ' ') : short;
}
