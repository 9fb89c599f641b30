import type { Input, Result } from '@hypermesh/client';
import { NodeError } from '../../errors.ts';
import { defaultRules } from '../../monitor/alerts/defaults.ts';
import { checkSettings } from '../../monitor/alerts/rule.ts';
import { placeOf } from '../../monitor/alerts/rule-file.ts';
import { readLogs } from '../../monitor/logs/read.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import type { Call, Handlers, NodeParts } from './method.ts';

const hourMs = 3_600_000;

/** What a node says of its own health. */
export const monitorHandlers: Handlers<
  'metrics' | 'metrics-history' | 'alert-rules' | 'set-alert-rules' | 'alerts' | 'logs'
> = {
  metrics({ monitor: { metrics } }) {
    metrics.read();
    const found = new Map<string, Result<'metrics'>['metrics'][number] & { series: object[] }>();
    for (const { name, kind, help, unit } of metrics.descriptions)
      found.set(name, { name, kind, help, unit, series: [] });
    metrics.each(({ name, kind, labels }, series) => {
      if (Number.isNaN(series.value)) return;
      const named = Object.fromEntries(labels.map((label, at) => [label, series.labels[at] ?? '']));
      const { value, count } = series;
      found.get(name)?.series.push({ labels: named, value, ...(kind === 'histogram' ? { count } : {}) });
    });
    return { atMs: Date.now(), metrics: [...found.values()] };
  },
  'metrics-history'({ monitor }, { params }) {
    const { series, toMs = Date.now(), fromMs = toMs - hourMs, stepMs = 0 } = params;
    return monitor.history.query({ series, fromMs, toMs, stepMs });
  },
  'alert-rules': ({ monitor }) => rulesIn(monitor),
  'set-alert-rules': setRules,
  alerts: ({ monitor: { alerts } }) => ({ alerts: alerts.current(), resolved: alerts.past() }),
  async logs({ monitor }, { params, signal }) {
    return { lines: await readLogs(monitor.logFolder, { limit: 100, ...params, signal }) };
  },
};

function setRules({ monitor }: NodeParts, { params }: Call<Input<'set-alert-rules'>>) {
  const checked = checkSettings(params);
  if (!checked.ok) {
    const { reason } = checked;
    throw new NodeError(
      { code: 'node/bad-flag', flag: placeOf(reason), next: `give ${reason.expected}` },
      `${placeOf(reason)} must be ${reason.expected}`,
    );
  }
  monitor.setSettings(checked.value);
  return rulesIn(monitor);
}

function rulesIn({ alerts, settings }: Monitor) {
  const { settings: own, problem } = settings();
  const names = new Set(own.rule.map(({ name }) => name));
  return {
    rules: alerts.rules().map((rule) => ({
      ...rule,
      isDefault: !names.has(rule.name) && defaultRules.some(({ name }) => name === rule.name),
    })),
    disabled: own.disable,
    ...(problem === undefined ? {} : { problem }),
  };
}
