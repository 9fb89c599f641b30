import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { exposition } from '../src/monitor/metrics/exposition.ts';
import { createMetrics } from '../src/monitor/metrics/registry.ts';
import { metricTable } from '../src/monitor/table/index.ts';

/** Every metric of the table with two series of each, awkward labels among them. */
function everything() {
  const metrics = createMetrics(metricTable);
  for (const { name, kind, labels } of metricTable) {
    for (const value of ['plain', 'a "quoted\\ one"\nand more']) {
      const given = Object.fromEntries(labels.map((label) => [label, value]));
      if (kind === 'counter') metrics.count(name, 3, given);
      else if (kind === 'gauge') metrics.set(name, 1.5, given);
      else metrics.observe(name, 0.003, given);
    }
  }
  expect(metrics.dropped).toBe(0);
  return metrics;
}

describe('what scrapers are told', () => {
  it.for(['prometheus', 'openmetrics'] as const)(
    'in the format %s is read by the parser of the Prometheus project',
    { timeout: 60_000 },
    (format, ctx) => {
      if (!isThere()) return ctx.skip('python3-prometheus-client is not installed');
      const read = parseElsewhere(exposition(everything(), format), format);
      expect(read.map(({ name }) => name).sort()).toEqual(
        metricTable.map(({ name, kind }) => (kind === 'counter' ? name.replace(/_total$/, '') : name)).sort(),
      );
      for (const { type, samples } of read) {
        expect(['counter', 'gauge', 'histogram']).toContain(type);
        expect(samples).toBeGreaterThan(0);
      }
    },
  );

  it('is refused by it where a sample stands without its type', (ctx) => {
    const broken = `${exposition(everything(), 'openmetrics').replace('# EOF\n', '')}hypermesh_up{a=b} 1\n# EOF\n`;
    if (!isThere()) return ctx.skip('python3-prometheus-client is not installed');
    expect(() => parseElsewhere(broken, 'openmetrics')).toThrow(/ValueError/);
  });
});

interface Family {
  readonly name: string;
  readonly type: string;
  readonly samples: number;
}

const python = '/usr/bin/python3';

/** Whether prometheus_client of Debian (python3-prometheus-client) is there. */
function isThere(): boolean {
  return spawnSync(python, ['-c', 'import prometheus_client.openmetrics.parser']).status === 0;
}

/** What it reads. */
function parseElsewhere(text: string, format: 'prometheus' | 'openmetrics'): readonly Family[] {
  const parser =
    format === 'openmetrics' ? 'prometheus_client.openmetrics.parser' : 'prometheus_client.parser';
  const program = [
    'import sys, json',
    `from ${parser} import text_string_to_metric_families as read`,
    'found = [{"name": f.name, "type": f.type, "samples": len(f.samples)} for f in read(sys.stdin.read())]',
    'print(json.dumps(found))',
  ].join('\n');
  const ended = spawnSync(python, ['-c', program], { input: text, encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(ended.stderr);
  return JSON.parse(ended.stdout) as Family[];
}
