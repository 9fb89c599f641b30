import type { MetricDescription } from './description.ts';
import type { MetricSeries, MetricsRegistry } from './registry.ts';

/** The two text formats that scrapers take. */
export type ExpositionFormat = 'prometheus' | 'openmetrics';

/** Their media types. */
export const expositionTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format for a request's `Accept`: OpenMetrics where it is named, else the older one that all take. */
export function expositionFormatOf(accept: string | undefined): ExpositionFormat {
  return accept?.includes('application/openmetrics-text') === true ? 'openmetrics' : 'prometheus';
}

/** Everything as it stands, in the text format 0.0.4 of Prometheus or in OpenMetrics 1.0. */
export function exposition(metrics: MetricsRegistry, format: ExpositionFormat = 'prometheus'): string {
  metrics.read();
  const lines: string[] = [];
  let last: MetricDescription | undefined;
  metrics.each((description, series) => {
    if (Number.isNaN(series.value)) return;
    if (description !== last) {
      last = description;
      // OpenMetrics names the counter without the suffix that its samples carry.
      const family =
        format === 'openmetrics' && description.kind === 'counter'
          ? description.name.replace(/_total$/, '')
          : description.name;
      lines.push(`# HELP ${family} ${escapeHelp(description.help, format)}`);
      lines.push(`# TYPE ${family} ${description.kind}`);
    }
    writeSeries(lines, description, series);
  });
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

function writeSeries(lines: string[], description: MetricDescription, series: MetricSeries): void {
  const { name, labels: names } = description;
  const pairs = names.map((label, index) => `${label}="${escapeValue(series.labels[index] ?? '')}"`);
  if (series.buckets === undefined) {
    lines.push(`${name}${braces(pairs)} ${number(series.value)}`);
    return;
  }
  let below = 0;
  const bounds = description.buckets ?? [];
  for (const [index, count] of series.buckets.entries()) {
    below += count;
    const bound = bounds[index];
    const le = `le="${bound === undefined ? '+Inf' : decimal(bound)}"`;
    lines.push(`${name}_bucket${braces([...pairs, le])} ${number(below)}`);
  }
  lines.push(`${name}_sum${braces(pairs)} ${number(series.value)}`);
  lines.push(`${name}_count${braces(pairs)} ${number(series.count)}`);
}

function braces(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** OpenMetrics writes bounds as floating-point numbers. */
function decimal(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : `${bound}`;
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : `${value}`;
}

function escapeValue(text: string): string {
  return text.replace(/[\\"\n]/g, (found) => (found === '\n' ? '\\n' : `\\${found}`));
}

function escapeHelp(text: string, format: ExpositionFormat): string {
  const escaped = text.replace(/[\\\n]/g, (found) => (found === '\n' ? '\\n' : '\\\\'));
  return format === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped;
}
