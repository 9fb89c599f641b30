import type { Clock } from '@hypermesh/core';
import type { AlertCondition, AlertRule } from './rule.ts';

/** An alert that is not quiet. */
export interface Alert {
  readonly rule: string;
  readonly severity: AlertRule['severity'];
  /** `pending`: the conditions hold, not for long enough yet. */
  readonly state: 'pending' | 'firing' | 'resolved';
  readonly summary: string;
  readonly next: string;
  /** What the first condition looked at, when it was looked at last. */
  readonly value: number;
  /** When the conditions began to hold, when it fired, and when they ceased to hold; Unix milliseconds. */
  readonly sinceMs: number;
  readonly firedMs?: number;
  readonly resolvedMs?: number;
}

/** What rules read: what several series come to, or undefined where nothing is known. */
export type ReadSeries = (
  condition: Pick<AlertCondition, 'metric' | 'take' | 'overS' | 'combine'>,
) => number | undefined;

/** The alerts of one node. */
export interface Alerts {
  /** Looks at every rule; answers what changed its state. */
  look(): readonly Alert[];
  /** What is pending or fires, worst first. */
  current(): readonly Alert[];
  /** What was resolved lately, newest first. */
  past(): readonly Alert[];
  rules(): readonly AlertRule[];
  /** Puts other rules in place; alerts of rules that are gone are resolved at the next look. */
  setRules(rules: readonly AlertRule[]): void;
}

/** Resolved alerts that are remembered. */
const remembered = 100;

interface Standing {
  readonly rule: AlertRule;
  readonly sinceMs: number;
  readonly sinceMonotonicMs: number;
  firedMs: number | undefined;
  value: number;
}

/** Makes alerts that are all quiet. */
export function createAlerts(parts: {
  readonly rules: readonly AlertRule[];
  readonly read: ReadSeries;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}): Alerts {
  const { read, clock } = parts;
  let rules = parts.rules;
  const standing = new Map<string, Standing>();
  const resolved: Alert[] = [];

  function alertOf({ rule, sinceMs, firedMs, value }: Standing, resolvedMs?: number): Alert {
    const { name, severity, summary, next } = rule;
    return {
      rule: name,
      severity,
      state: resolvedMs !== undefined ? 'resolved' : firedMs === undefined ? 'pending' : 'firing',
      summary,
      next,
      value,
      sinceMs,
      ...(firedMs === undefined ? {} : { firedMs }),
      ...(resolvedMs === undefined ? {} : { resolvedMs }),
    };
  }

  return {
    look() {
      const changed: Alert[] = [];
      const nowMs = clock.nowMs();
      const names = new Set(rules.map(({ name }) => name));
      for (const rule of rules) {
        const value = holding(rule, read);
        const found = standing.get(rule.name);
        if (value === undefined) {
          if (found !== undefined) end(found);
          continue;
        }
        const one = found ?? {
          rule,
          sinceMs: nowMs,
          sinceMonotonicMs: clock.monotonicMs(),
          firedMs: undefined,
          value,
        };
        one.value = value;
        standing.set(rule.name, one);
        const isDue = clock.monotonicMs() - one.sinceMonotonicMs >= rule.forS * 1000;
        if (one.firedMs === undefined && isDue) one.firedMs = nowMs;
        else if (found !== undefined) continue;
        changed.push(alertOf(one));
      }
      for (const one of [...standing.values()]) if (!names.has(one.rule.name)) end(one);
      return changed;

      function end(one: Standing): void {
        standing.delete(one.rule.name);
        // What never fired was nothing.
        if (one.firedMs === undefined) return;
        const alert = alertOf(one, nowMs);
        resolved.unshift(alert);
        resolved.length = Math.min(resolved.length, remembered);
        changed.push(alert);
      }
    },
    current: () =>
      [...standing.values()]
        .map((one) => alertOf(one))
        .sort((a, b) => rank(a) - rank(b) || a.sinceMs - b.sinceMs),
    past: () => [...resolved],
    rules: () => rules,
    setRules(next) {
      rules = next;
    },
  };
}

function rank({ state, severity }: Alert): number {
  return (state === 'firing' ? 0 : 2) + (severity === 'critical' ? 0 : 1);
}

/** What the first condition looked at, where all hold. */
function holding({ when }: AlertRule, read: ReadSeries): number | undefined {
  let first: number | undefined;
  for (const condition of when) {
    const found = read(condition);
    const { than, overS } = condition;
    const limit =
      typeof than === 'number' ? than : read({ metric: than, take: 'value', overS, combine: 'max' });
    if (found === undefined || limit === undefined) return undefined;
    const value = condition.absolute ? Math.abs(found) : found;
    if (!compares(value, condition.is, limit)) return undefined;
    first ??= value;
  }
  return first;
}

function compares(value: number, is: AlertCondition['is'], limit: number): boolean {
  switch (is) {
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    default:
      return is satisfies never;
  }
}
