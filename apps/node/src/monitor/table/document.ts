import { defaultRules } from '../alerts/defaults.ts';
import type { AlertCondition } from '../alerts/rule.ts';
import { contentRows } from './content.ts';
import { ledgerRows } from './ledger.ts';
import { processRows } from './process.ts';
import { transportRows } from './transport.ts';
import { workRows } from './work.ts';

const parts = [
  ['Transport', transportRows],
  ['Content', contentRows],
  ['Ledger', ledgerRows],
  ['Work', workRows],
  ['Process', processRows],
] as const;

/** The page docs/metrics.md, from the tables. */
export function metricsPage(): string {
  return `${[
    '# Metrics, history and alerts of a node',
    '',
    'This page is written from the tables of `apps/node/src/monitor`; a test compares it with them.',
    '',
    introduction,
    ...parts.flatMap(([title, rows]) => [
      '',
      `## ${title}`,
      '',
      '| Name | Kind | Unit | Labels | What it says |',
      '| --- | --- | --- | --- | --- |',
      ...rows.map(({ name, kind, unit, labels, help }) => {
        const named = labels.length === 0 ? '' : labels.map((label) => `\`${label}\``).join(' ');
        return `| \`${name}\` | ${kind} | ${unit === 'things' ? '' : unit} | ${named} | ${help} |`;
      }),
    ]),
    '',
    '## Default alerts',
    '',
    '| Rule | Severity | It fires when | for | What to do |',
    '| --- | --- | --- | --- | --- |',
    ...defaultRules.map(({ name, severity, when, forS, next, summary }) => {
      const words = when.map(conditionText).join(' and ');
      return `| \`${name}\` | ${severity} | ${summary}: ${words} | ${forS} s | ${next.replaceAll('|', '\\|')} |`;
    }),
    '',
    ruleForm,
  ].join('\n')}\n`;
}

function conditionText({ metric, take, overS, absolute, is, than }: AlertCondition): string {
  const taken = take === 'value' ? metric : `${take} of ${metric} in ${overS} s`;
  return `\`${absolute ? `|${taken}|`.replaceAll('|', '\\|') : taken} ${is} ${than}\``;
}

const introduction = `\`GET /metrics\` of the API gives them in the text format 0.0.4 of Prometheus, or in OpenMetrics 1.0 to whoever accepts
it; the read-only token is enough. The names of labels are fixed, their values come from closed sets; of one metric at most 256
series are kept, and \`hypermesh_metrics_dropped_total\` says whether anything had no place.

A node keeps its own history, with no outside software: every series in steps of 10 seconds for an hour and of a minute for 24
hours, in memory (7.2 kB a series, at most 640 series) and in \`DATA/history\` (a test holds it below 17 MiB). A process that is
killed loses what came after its last step; a restart is a gap; a clock that is set back takes away what lay ahead of it. A histogram is
five series there: \`_count\`, \`_sum\`, \`_p50\`, \`_p95\` and \`_p99\`. Of counters the answer holds rates per second, over the time that each
step really covers; steps are joined by adding counts up, averaging levels and keeping the highest of quantiles.`;

const ruleForm = `A rule of the same name in \`DATA/alerts.toml\` replaces a default, further ones are added, and \`disable\` switches defaults off. The
file is read at the start and again when it changes; one that is wrong is refused with its line, and the rules before it stay.
The route \`set-alert-rules\` takes the same as JSON and writes the file.

\`\`\`toml
disable = ["validator-away"]

[[rule]]
name = "many-refusals"
severity = "warning"             # or critical
summary = "members ask for more runs than this node takes"
next = "lend more, or see who asks: hypermesh logs --event run."
for_s = 60                       # how long it must hold before it fires; 0 unless told
when = [                         # all must hold
  { metric = 'hypermesh_run_asks_total{outcome="busy"}', take = "rate", over_s = 300, is = ">", than = 0.5 },
]
\`\`\`

\`metric\` is a series of the history, with or without labels. \`take\` is \`value\` (the newest within \`over_s\`, 60 unless told), \`increase\` or
\`rate\`. Several series that are meant come together by \`combine\`: \`sum\`, \`max\` or \`min\`; the sum of counts and the maximum of others unless
told. \`absolute = true\` leaves the sign out. \`is\` is one of \`>\`, \`>=\`, \`<\`, \`<=\`, and \`than\` a number or another series. What nothing
is known of does not hold.`;
