import type { Verdict } from '@hypermesh/core';
import { parseSelector } from '../history/series.ts';
import { metricPrefix } from '../metrics/description.ts';

/** One thing that must hold for an alert. */
export interface AlertCondition {
  /** A series of the history: a name, or a name with labels, `hypermesh_x{label="value"}`. */
  readonly metric: string;
  /** `value`: the newest within `overS`; `increase`: what a count added over `overS`; `rate`: that by the second. */
  readonly take: 'value' | 'increase' | 'rate';
  readonly overS: number;
  /** What several series that are meant come to. */
  readonly combine: 'sum' | 'max' | 'min';
  /** Whether the sign is left out. */
  readonly absolute: boolean;
  readonly is: '>' | '>=' | '<' | '<=';
  /** A number, or the value of another series. */
  readonly than: number | string;
}

/** When an alert is told. All conditions must hold; what nothing is known of does not hold. */
export interface AlertRule {
  /** 1 to 48 of a-z, 0-9 and inner hyphens. */
  readonly name: string;
  readonly severity: 'warning' | 'critical';
  /** What it means, and what to do. */
  readonly summary: string;
  readonly next: string;
  /** How long the conditions must hold before it fires, seconds. */
  readonly forS: number;
  readonly when: readonly AlertCondition[];
}

/** What an operator sets: rules of their own, some of which replace the default of that name, and defaults that are off. */
export interface AlertSettings {
  readonly disable: readonly string[];
  readonly rule: readonly AlertRule[];
}

/** Where settings are wrong: a rule by its place from 0, or none, the key, and what it must be. */
export interface RuleFault {
  readonly rule?: number;
  readonly key: string;
  readonly expected: string;
}

const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/;
const [maxRules, maxConditions, maxWords, maxOverS, maxForS] = [64, 8, 400, 3_600, 86_400];

type Found<T> = Verdict<{ value: T }, RuleFault>;

/** Checks settings that came as TOML or JSON; keys may be `snake_case` or as here, and what has a default may be left out. */
export function checkSettings(given: unknown): Found<AlertSettings> {
  const table = tableOf(given);
  if (table === undefined) return fault({ key: '', expected: 'a table' });
  const { disable = [], rule = [], ...rest } = table;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return fault({ key: unknown, expected: 'disable or rule' });
  if (!Array.isArray(disable) || disable.length > maxRules || !disable.every(isName))
    return fault({ key: 'disable', expected: `at most ${maxRules} names of rules` });
  if (!Array.isArray(rule) || rule.length > maxRules)
    return fault({ key: 'rule', expected: `at most ${maxRules} rules` });
  const rules: AlertRule[] = [];
  for (const [index, one] of rule.entries()) {
    const checked = checkRule(one);
    if (!checked.ok) return fault({ ...checked.reason, rule: index });
    if (rules.some(({ name }) => name === checked.value.name))
      return fault({ rule: index, key: 'name', expected: 'a name that no other rule has' });
    rules.push(checked.value);
  }
  return { ok: true, value: { disable, rule: rules } };
}

function checkRule(given: unknown): Found<AlertRule> {
  const table = tableOf(given);
  if (table === undefined) return fault({ key: '', expected: 'a table' });
  const { name, severity = 'warning', summary, next = '', for_s, forS = for_s ?? 0, when, ...rest } = table;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    return fault({ key: unknown, expected: 'name, severity, summary, next, for_s or when' });
  if (!isName(name)) return fault({ key: 'name', expected: '1 to 48 of a-z, 0-9 and inner hyphens' });
  if (severity !== 'warning' && severity !== 'critical')
    return fault({ key: 'severity', expected: 'warning or critical' });
  if (!isWords(summary) || summary === '')
    return fault({ key: 'summary', expected: `1 to ${maxWords} characters` });
  if (!isWords(next)) return fault({ key: 'next', expected: `at most ${maxWords} characters` });
  const seconds = numberOf(forS);
  if (seconds === undefined || seconds < 0 || seconds > maxForS)
    return fault({ key: 'for_s', expected: `0 to ${maxForS} seconds` });
  if (!Array.isArray(when) || when.length === 0 || when.length > maxConditions)
    return fault({ key: 'when', expected: `1 to ${maxConditions} conditions` });
  const conditions: AlertCondition[] = [];
  for (const one of when) {
    const checked = checkCondition(one);
    if (!checked.ok) return checked;
    conditions.push(checked.value);
  }
  return { ok: true, value: { name, severity, summary, next, forS: seconds, when: conditions } };
}

function checkCondition(given: unknown): Found<AlertCondition> {
  const table = tableOf(given);
  if (table === undefined) return fault({ key: 'when', expected: 'tables' });
  const {
    metric,
    take = 'value',
    over_s,
    overS = over_s ?? 60,
    combine,
    absolute = false,
    is,
    than,
    ...rest
  } = table;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    return fault({ key: unknown, expected: 'metric, take, over_s, combine, absolute, is or than' });
  if (!isMetric(metric))
    return fault({ key: 'metric', expected: `a series such as ${metricPrefix}alerts{state="firing"}` });
  if (take !== 'value' && take !== 'increase' && take !== 'rate')
    return fault({ key: 'take', expected: 'value, increase or rate' });
  const seconds = numberOf(overS);
  if (seconds === undefined || seconds < 10 || seconds > maxOverS)
    return fault({ key: 'over_s', expected: `10 to ${maxOverS} seconds` });
  const combined = combine ?? (take === 'value' ? 'max' : 'sum');
  if (combined !== 'sum' && combined !== 'max' && combined !== 'min')
    return fault({ key: 'combine', expected: 'sum, max or min' });
  if (typeof absolute !== 'boolean') return fault({ key: 'absolute', expected: 'true or false' });
  if (is !== '>' && is !== '>=' && is !== '<' && is !== '<=')
    return fault({ key: 'is', expected: '">", ">=", "<" or "<="' });
  const limit = isMetric(than) ? than : numberOf(than);
  if (limit === undefined) return fault({ key: 'than', expected: 'a number or a series' });
  return {
    ok: true,
    value: { metric, take, overS: seconds, combine: combined, absolute, is, than: limit },
  };
}

function fault(reason: RuleFault): { readonly ok: false; readonly reason: RuleFault } {
  return { ok: false, reason };
}

function tableOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isTable ? (value as Record<string, unknown>) : undefined;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && namePattern.test(value);
}

function isWords(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxWords && !/\p{Cc}/u.test(value);
}

function isMetric(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= 256 &&
    value.startsWith(metricPrefix) &&
    parseSelector(value) !== undefined
  );
}

/** TOML gives integers as bigint where it is told to. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
