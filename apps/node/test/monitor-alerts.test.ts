import { writeFileSync } from 'node:fs';
import { silentLog } from '@hypermesh/core';
import { createManualClock } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import { createAlerts } from '../src/monitor/alerts/alerts.ts';
import { defaultRules } from '../src/monitor/alerts/defaults.ts';
import { type AlertRule, checkSettings } from '../src/monitor/alerts/rule.ts';
import { noSettings, readRuleFile, rulesOf, writeRuleFile } from '../src/monitor/alerts/rule-file.ts';
import { openHistory } from '../src/monitor/history/history.ts';
import { createMetrics, type MetricLabels, type MetricsRegistry } from '../src/monitor/metrics/registry.ts';
import { readerOf } from '../src/monitor/monitor.ts';
import { metricTable } from '../src/monitor/table/index.ts';
import { failureOf, temporaryDirectory } from './support.ts';

function setUp(rules: readonly AlertRule[] = defaultRules) {
  const clock = createManualClock(1_800_000_000_000);
  const metrics = createMetrics(metricTable);
  const history = openHistory({ metrics, clock, log: silentLog });
  const alerts = createAlerts({ rules, read: readerOf(history), clock });
  healthy(metrics);
  return {
    clock,
    metrics,
    alerts,
    /** One step of 10 seconds: what changed its state. */
    step() {
      clock.advance(10_000);
      history.sample();
      return alerts.look();
    },
    firing: () =>
      alerts
        .current()
        .filter(({ state }) => state === 'firing')
        .map(({ rule }) => rule),
  };
}

/** A node that is well, busy, and one of four. */
function healthy(metrics: MetricsRegistry): void {
  const levels: readonly (readonly [string, number, MetricLabels?])[] = [
    ['consensus_idle_seconds', 2],
    ['consensus_pending', 3],
    ['consensus_validators', 4],
    ['consensus_quorum', 3],
    ['consensus_validators_reachable', 4],
    ['certificate_remaining_ratio', 0.7],
    ['disk_free_ratio', 0.5],
    ['clock_offset_seconds', -0.2],
    ['content_lost_roots', 0],
    ['event_loop_delay_seconds', 0.02, { quantile: '0.99' }],
    ['event_loop_delay_seconds', 3, { quantile: '1' }],
    ['process_memory_ratio', 0.2],
    ['extensions', 2, { state: 'active' }],
    ['extensions', 0, { state: 'not-active' }],
  ];
  for (const [name, value, labels] of levels) metrics.set(name, value, labels);
  metrics.count('log_lines_total', 3, { level: 'error' });
  metrics.count('log_lines_total', 900, { level: 'warn' });
  metrics.count('consensus_reports_total', 50, { event: 'view-given-up' });
}

/** Each default rule: what brings it about, and after how many steps of 10 seconds it fires. */
const causes: Readonly<Record<string, readonly [steps: number, cause: (metrics: MetricsRegistry) => void]>> =
  {
    'no-block': [1, (metrics) => metrics.set('consensus_idle_seconds', 61)],
    'finality-slow': [
      7,
      (metrics) => {
        for (let i = 0; i < 10; i += 1) metrics.observe('consensus_finality_seconds', 7);
      },
    ],
    'quorum-lost': [4, (metrics) => metrics.set('consensus_validators_reachable', 2)],
    'validator-away': [31, (metrics) => metrics.set('consensus_validators_reachable', 3)],
    'certificate-ending': [1, (metrics) => metrics.set('certificate_remaining_ratio', 0.19)],
    'disk-nearly-full': [7, (metrics) => metrics.set('disk_free_ratio', 0.09)],
    'disk-full': [1, (metrics) => metrics.set('disk_free_ratio', 0.01)],
    'clock-off': [7, (metrics) => metrics.set('clock_offset_seconds', -2.5)],
    'content-lost': [1, (metrics) => metrics.set('content_lost_roots', 1)],
    'event-loop-slow': [7, (metrics) => metrics.set('event_loop_delay_seconds', 0.6, { quantile: '0.99' })],
    'memory-near-cap': [7, (metrics) => metrics.set('process_memory_ratio', 0.95)],
    'log-errors': [1, (metrics) => metrics.count('log_lines_total', 6, { level: 'error' })],
    'log-lost': [1, (metrics) => metrics.count('log_lost_lines_total')],
    'extension-suspended': [1, (metrics) => metrics.set('extensions', 1, { state: 'not-active' })],
    'second-vote': [1, (metrics) => metrics.count('consensus_reports_total', 1, { event: 'equivocation' })],
  };

describe('the default alerts', () => {
  it('are quiet on a node that is well, for an hour', () => {
    const node = setUp();
    for (let i = 0; i < 360; i += 1) {
      node.metrics.observe('consensus_finality_seconds', 0.4);
      expect(node.step()).toEqual([]);
    }
    expect(node.alerts.current()).toEqual([]);
  });

  it('have a cause here each', () =>
    expect(Object.keys(causes)).toEqual(defaultRules.map(({ name }) => name)));

  it.each(Object.entries(causes))(
    '%s fires by its cause, not before its time, and alone',
    (name, [steps, cause]) => {
      const node = setUp();
      node.step();
      for (let i = 1; i <= steps; i += 1) {
        expect(node.firing()).not.toContain(name);
        cause(node.metrics);
        node.step();
      }
      const others = name === 'disk-full' || name === 'quorum-lost' ? 1 : 0;
      expect(node.firing()).toContain(name);
      expect(node.firing().length).toBeLessThanOrEqual(1 + others);
      const [alert] = node.alerts.current().filter(({ rule }) => rule === name);
      expect(alert?.next).not.toBe('');
    },
  );

  it('of waiting operations is quiet where none waits, however long no block was final', () => {
    const node = setUp();
    node.metrics.set('consensus_idle_seconds', 6_000);
    node.metrics.set('consensus_pending', 0);
    for (let i = 0; i < 12; i += 1) node.step();
    expect(node.firing()).toEqual([]);
  });
});

describe('an alert', () => {
  const rule: AlertRule = {
    name: 'full',
    severity: 'warning',
    summary: 'it is full',
    next: 'make room',
    forS: 30,
    when: [
      {
        metric: 'hypermesh_disk_free_ratio',
        take: 'value',
        overS: 60,
        combine: 'max',
        absolute: false,
        is: '<',
        than: 0.1,
      },
    ],
  };

  it('is pending, fires after its time, and is resolved; what only was pending is forgotten', () => {
    const node = setUp([rule]);
    node.metrics.set('disk_free_ratio', 0.0625);
    const startMs = node.clock.nowMs() + 10_000;
    expect(node.step()).toMatchObject([{ rule: 'full', state: 'pending', value: 0.0625, sinceMs: startMs }]);
    node.metrics.set('disk_free_ratio', 0.5);
    expect(node.step()).toEqual([]);
    expect(node.alerts.current()).toEqual([]);
    node.metrics.set('disk_free_ratio', 0.0625);
    expect(node.step().map(({ state }) => state)).toEqual(['pending']);
    expect([node.step(), node.step()]).toEqual([[], []]);
    expect(node.step()).toMatchObject([{ state: 'firing', firedMs: node.clock.nowMs() }]);
    expect(node.step()).toEqual([]);
    node.metrics.set('disk_free_ratio', 0.5);
    expect(node.step()).toMatchObject([{ state: 'resolved', resolvedMs: node.clock.nowMs() }]);
    expect(node.alerts.past()).toMatchObject([{ rule: 'full', state: 'resolved' }]);
  });

  it('keeps its time by the clock that does not jump', () => {
    const node = setUp([rule]);
    node.metrics.set('disk_free_ratio', 0.0625);
    node.step();
    node.clock.jumpTo(node.clock.nowMs() + 86_400_000);
    node.step();
    expect(node.firing()).toEqual([]);
  });

  it('ends with its rule', () => {
    const node = setUp([{ ...rule, forS: 0 }]);
    node.metrics.set('disk_free_ratio', 0.0625);
    node.step();
    node.alerts.setRules([]);
    expect(node.step()).toMatchObject([{ rule: 'full', state: 'resolved' }]);
  });

  it('of what nothing is known of does not hold', () => {
    const node = setUp([
      { ...rule, forS: 0, when: [{ ...rule.when[0], metric: 'hypermesh_nothing' } as never] },
    ]);
    expect(node.step()).toEqual([]);
  });
});

describe("an operator's rules", () => {
  it('replace defaults of their names, switch others off, and come after the rest', () => {
    const settings = checkSettings({
      disable: ['disk-full', 'no-block'],
      rule: [
        { name: 'no-block', summary: 'mine', when: [{ metric: 'hypermesh_members', is: '<', than: 2 }] },
        {
          name: 'own',
          summary: 'own',
          when: [{ metric: 'hypermesh_members', is: '<', than: 'hypermesh_assets' }],
        },
      ],
    });
    if (!settings.ok) throw new Error(JSON.stringify(settings.reason));
    const names = rulesOf(settings.value).map(({ name }) => name);
    expect(names).toEqual([
      ...defaultRules.map(({ name }) => name).filter((name) => name !== 'disk-full'),
      'own',
    ]);
    expect(rulesOf(settings.value)[0]).toMatchObject({ summary: 'mine', severity: 'warning', forS: 0 });
  });

  it('come back from their file as they were put there', () => {
    using directory = temporaryDirectory();
    expect(readRuleFile(directory.alertRules)).toEqual(noSettings);
    const settings = { disable: ['no-block'], rule: [{ ...defaultRules[7], name: 'own' } as AlertRule] };
    writeRuleFile(directory.alertRules, settings);
    expect(readRuleFile(directory.alertRules)).toEqual(settings);
  });

  const good = (change: string) =>
    `disable = []\n\n[[rule]]\nname = "a"\nsummary = "a"\nwhen = [{ metric = "hypermesh_members", is = "<", than = 2 }]\n\n[[rule]]\n${change}`;
  it.each<[string, string, number]>([
    ['what is no TOML', 'disable = [', 1],
    ['an unknown key', 'rules = 3\n', 1],
    ['names that are none', 'disable = ["No Block"]\n', 1],
    ['a rule without a name', good('summary = "b"\n'), 8],
    [
      'a name twice',
      good('name = "a"\nsummary = "b"\nwhen = [{ metric = "hypermesh_a", is = "<", than = 2 }]'),
      9,
    ],
    ['a rule without words', good('name = "b"\n'), 8],
    ['another severity', good('name = "b"\nsummary = "b"\nseverity = "high"\n'), 11],
    ['a time below 0', good('name = "b"\nsummary = "b"\nfor_s = -1\n'), 11],
    ['no conditions', good('name = "b"\nsummary = "b"\nwhen = []\n'), 11],
    [
      'a series of others',
      good('name = "b"\nsummary = "b"\nwhen = [{ metric = "up", is = "<", than = 1 }]\n'),
      11,
    ],
    [
      'another comparison',
      good('name = "b"\nsummary = "b"\n\n[[rule.when]]\nmetric = "hypermesh_a"\nis = "=="\nthan = 1\n'),
      14,
    ],
    ['no limit', good('name = "b"\nsummary = "b"\nwhen = [{ metric = "hypermesh_a", is = "<" }]\n'), 8],
    [
      'a span that is not kept',
      good(
        'name = "b"\nsummary = "b"\nwhen = [{ metric = "hypermesh_a", over_s = 7200, is = "<", than = 1 }]\n',
      ),
      11,
    ],
    ['an unknown key of a rule', good('name = "b"\nsummary = "b"\nfor = 3\n'), 11],
  ])('are refused for %s, with the line', async (_, text, line) => {
    using directory = temporaryDirectory();
    writeRuleFile(directory.alertRules, noSettings);
    writeFileSync(directory.alertRules, text);
    const failure = await failureOf(() => readRuleFile(directory.alertRules));
    expect(failure).toMatchObject({ code: 'node/bad-config', file: directory.alertRules, line });
    expect(failure.message).toContain(`${directory.alertRules}:${line}`);
  });
});
