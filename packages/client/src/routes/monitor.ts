import { route } from '../table/route.ts';
import {
  count,
  flag,
  list,
  mapOf,
  nullable,
  number,
  object,
  oneOf,
  optional,
  text,
  words,
} from '../table/shapes.ts';
import { Type } from '../table/type.ts';

const labels = mapOf(words(), { description: 'by the names of the labels' });
const severity = oneOf(['warning', 'critical']);

/** One alert, as `status`, the routes and the events tell it. */
export const alert = object({
  rule: words(),
  severity,
  state: oneOf(['pending', 'firing', 'resolved'], {
    description: 'pending: its conditions hold, not for long enough yet',
  }),
  summary: words(),
  next: words({ description: 'what to do' }),
  value: number({ description: 'what the first condition looked at' }),
  sinceMs: number(),
  firedMs: optional(number()),
  resolvedMs: optional(number()),
});

const logLevels = ['debug', 'info', 'warn', 'error'] as const;
const level = oneOf(logLevels);

/** One line of the log, as the route and the events tell it. */
export const logLine = object({
  atMs: number(),
  level,
  event: words(),
  fields: Type.Record(Type.String(), Type.Unknown()),
});

const take = oneOf(['value', 'increase', 'rate']);
const combine = oneOf(['sum', 'max', 'min']);
const is = oneOf(['>', '>=', '<', '<=']);

const condition = object({
  metric: text({ maxLength: 256, description: 'a series: NAME or NAME{label="value"}' }),
  take: optional(take),
  overS: optional(number({ minimum: 10, maximum: 3600 })),
  combine: optional(combine),
  absolute: optional(flag()),
  is,
  than: Type.Union([number(), text({ maxLength: 256, description: 'another series' })]),
});

const rule = object({
  name: text({ maxLength: 48, description: '1 to 48 of a-z, 0-9 and inner hyphens' }),
  severity: optional(severity),
  summary: text({ maxLength: 400 }),
  next: optional(Type.String({ maxLength: 400 })),
  forS: optional(number({ minimum: 0, maximum: 86_400 })),
  when: list(condition, { minItems: 1, maxItems: 8 }),
});

const ruleInPlace = object({
  name: words(),
  severity,
  summary: words(),
  next: words(),
  forS: number(),
  when: list(
    object({
      metric: words(),
      take,
      overS: number(),
      combine,
      absolute: flag(),
      is,
      than: Type.Union([number(), words()]),
    }),
  ),
  isDefault: flag(),
});

const rulesAnswer = object({
  rules: list(ruleInPlace, { description: 'that hold, in the order in which they are looked at' }),
  disabled: list(words(), { description: 'defaults that are switched off' }),
  problem: optional(words({ description: 'why the file of rules cannot be used; those before it hold' })),
});

/** What a node says of its own health. */
export const monitorRoutes = {
  metrics: route({
    method: 'GET',
    path: '/v1/metrics',
    summary: 'Every metric as it stands',
    description: 'The same numbers as GET /metrics, which gives them as text for Prometheus.',
    input: object({}),
    early: true,
    output: object({
      atMs: number(),
      metrics: list(
        object({
          name: words(),
          kind: oneOf(['counter', 'gauge', 'histogram']),
          help: words(),
          unit: words(),
          series: list(
            object({
              labels,
              value: number({ description: 'of a histogram the sum' }),
              count: optional(number()),
            }),
          ),
        }),
      ),
    }),
  }),
  'metrics-history': route({
    method: 'GET',
    path: '/v1/metrics/history',
    summary: 'What metrics were over the last hours',
    description:
      'An hour in steps of 10 seconds, 24 hours in steps of a minute. A histogram is five series: NAME_count, NAME_sum, NAME_p50, NAME_p95 and NAME_p99. Counts come as rates per second.',
    input: object({
      series: list(text({ maxLength: 256, description: 'NAME or NAME{label="value"}' }), {
        minItems: 1,
        maxItems: 50,
      }),
      fromMs: optional(number({ description: 'Unix time; an hour ago unless told' })),
      toMs: optional(number({ description: 'Unix time; now unless told' })),
      stepMs: optional(number({ minimum: 0, maximum: 86_400_000 })),
    }),
    early: true,
    output: object({
      stepMs: number(),
      times: list(number(), { description: 'the ends of the steps' }),
      series: list(
        object({
          name: words(),
          labels,
          kind: oneOf(['count', 'level', 'peak'], {
            description: 'count: a rate per second; level: an average; peak: the highest quantile',
          }),
          values: list(nullable(number()), { description: 'null where nothing is known' }),
        }),
      ),
      cut: flag({ description: 'whether there was more than an answer may hold' }),
    }),
  }),
  'alert-rules': route({
    method: 'GET',
    path: '/v1/alerts/rules',
    summary: 'The rules of alerts',
    input: object({}),
    early: true,
    output: rulesAnswer,
  }),
  'set-alert-rules': route({
    method: 'PUT',
    path: '/v1/alerts/rules',
    summary: "Put an operator's own rules in place of those before",
    description:
      'Written to alerts.toml in the data directory; a rule with the name of a default replaces it.',
    input: object({
      disable: optional(list(text({ maxLength: 48 }), { maxItems: 64 })),
      rule: optional(list(rule, { maxItems: 64 })),
    }),
    early: true,
    output: rulesAnswer,
  }),
  alerts: route({
    method: 'GET',
    path: '/v1/alerts',
    summary: 'Alerts that are pending or fire, and those that were resolved lately',
    input: object({}),
    early: true,
    output: object({
      alerts: list(alert, { description: 'worst first' }),
      resolved: list(alert, { description: 'newest first' }),
    }),
  }),
  logs: route({
    method: 'GET',
    path: '/v1/logs',
    summary: 'Lines of the log, newest first',
    input: object({
      limit: optional(count({ minimum: 1, maximum: 1000 })),
      level: optional(oneOf(logLevels, { description: 'the least' })),
      event: optional(text({ maxLength: 64, description: 'what the event begins with' })),
      sinceMs: optional(number({ description: 'not older' })),
      before: optional(text({ maxLength: 32, description: 'the place of a line: only older ones' })),
    }),
    early: true,
    output: object({
      lines: list(
        object({
          place: words(),
          atMs: number(),
          level,
          event: words(),
          fields: Type.Record(Type.String(), Type.Unknown()),
        }),
      ),
    }),
  }),
};
