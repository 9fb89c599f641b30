import type { Clock, Log } from '@hypermesh/core';
import type { DataDirectory } from '../data-directory.ts';
import type { Events } from '../events/hub.ts';
import { type Alert, type Alerts, createAlerts, type ReadSeries } from './alerts/alerts.ts';
import type { AlertSettings } from './alerts/rule.ts';
import { changedMs, noSettings, readRuleFile, rulesOf, writeRuleFile } from './alerts/rule-file.ts';
import { watchDelay } from './delay.ts';
import { fineStepMs, type History, openHistory } from './history/history.ts';
import { lineEvent } from './logs/line.ts';
import type { NodeLog } from './logs/node-log.ts';
import type { MetricsRegistry } from './metrics/registry.ts';
import { lookAtProcess } from './process-look.ts';

/** What watches a node from within: its metrics, what they were, and what is wrong by them. */
export interface Monitor extends Disposable {
  readonly metrics: MetricsRegistry;
  readonly history: History;
  readonly alerts: Pick<Alerts, 'current' | 'past' | 'rules'>;
  readonly logFolder: string;
  /** The operator's settings of alerts, and why the file that holds them cannot be used, where it cannot. */
  settings(): { readonly settings: AlertSettings; readonly problem?: string };
  /** Puts settings in place, on the disk too. */
  setSettings(settings: AlertSettings): void;
  /** One look, as there is one every 10 seconds. */
  look(): void;
}

/** Watches a node until it is disposed of. */
export function openMonitor(
  directory: DataDirectory,
  parts: {
    readonly metrics: MetricsRegistry;
    readonly log: NodeLog;
    readonly clock: Clock;
    readonly events: Events;
  },
): Monitor {
  const { metrics, log, clock, events } = parts;
  using cleanup = new DisposableStack();
  const history = cleanup.use(openHistory({ metrics, clock, log, folder: directory.history }));
  cleanup.use(lookAtProcess(metrics, directory.path));
  const delays = cleanup.use(watchDelay(clock));
  const rules = keptRules(directory.alertRules, log);
  const alerts = createAlerts({ rules: rulesOf(rules.current()), read: readerOf(history), clock });
  cleanup.defer(
    metrics.onRead(() => {
      metrics.set('history_bytes', history.diskBytes);
      metrics.set('metrics_series', history.names.length);
      for (const state of ['pending', 'firing']) {
        const count = alerts.current().filter((alert) => alert.state === state).length;
        metrics.set('alerts', count, { state });
      }
    }),
  );
  cleanup.defer(log.onLine((line) => events.isHeard('logs') && events.publish('logs', lineEvent(line))));

  function look(): void {
    const { median, p99, most } = delays.take();
    for (const [quantile, value] of Object.entries({ '0.5': median, '0.99': p99, '1': most }))
      metrics.set('event_loop_delay_seconds', value, { quantile });
    history.sample();
    if (rules.reread()) alerts.setRules(rulesOf(rules.current()));
    for (const alert of alerts.look()) tell(alert, log, events);
    if (events.isHeard('metrics')) events.publish('metrics', { atMs: clock.nowMs(), stepMs: fineStepMs });
  }

  let cancel: () => void = () => undefined;
  const plan = () => {
    // In step with the wall clock, so that steps of all nodes lie side by side.
    const untilNext = fineStepMs - (clock.nowMs() % fineStepMs);
    cancel = clock.schedule(untilNext, () => {
      try {
        look();
      } catch (error) {
        // What measures a node must not end it.
        log.warn('monitor.not-looked', { message: String(error) });
      }
      plan();
    });
  };
  plan();
  cleanup.defer(() => cancel());
  const owned = cleanup.move();
  return {
    metrics,
    history,
    alerts,
    logFolder: log.folder,
    look,
    settings: () => {
      const problem = rules.problem();
      return { settings: rules.current(), ...(problem === undefined ? {} : { problem }) };
    },
    setSettings(settings) {
      rules.write(settings);
      alerts.setRules(rulesOf(settings));
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Rules read what the last hour says, in steps of 10 seconds. */
export function readerOf(history: History): ReadSeries {
  return ({ metric, take, overS, combine }) => {
    const found = history.recent(metric, overS * 1000).map(({ value }) => value);
    if (found.length === 0) return undefined;
    const value =
      combine === 'sum'
        ? found.reduce((sum, one) => sum + one, 0)
        : combine === 'max'
          ? Math.max(...found)
          : Math.min(...found);
    return take === 'rate' ? value / overS : value;
  };
}

function tell(alert: Alert, log: Log, events: Events): void {
  const { rule, severity, state, summary, next, value } = alert;
  const fields = { rule, severity, summary, next, value };
  if (state === 'firing') log.warn('alert.firing', fields);
  else if (state === 'resolved') log.info('alert.resolved', fields);
  else log.debug('alert.pending', fields);
  events.publish('alerts', { ...alert });
}

/** The operator's settings as the file says, read again when it was changed; one that is wrong leaves those before. */
function keptRules(path: string, log: Log) {
  let current: AlertSettings = noSettings;
  let problem: string | undefined;
  let readMs = -1;

  function reread(): boolean {
    const nowMs = changedMs(path);
    if (nowMs === readMs) return false;
    readMs = nowMs;
    try {
      current = readRuleFile(path);
      problem = undefined;
      return true;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      log.error('alert.bad-rules', { message: problem });
      return false;
    }
  }
  reread();
  return {
    reread,
    current: () => current,
    problem: () => problem,
    write(settings: AlertSettings) {
      writeRuleFile(path, settings);
      current = settings;
      problem = undefined;
      readMs = changedMs(path);
    },
  };
}
