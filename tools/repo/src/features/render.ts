import type { FeatureState } from './report.ts';

const HEAD = `# What is shown, and by which test

Written by \`npx -y pnpm@12 test\` from docs/features.yaml and the tests that name an id in their title; edits are
overwritten. *Shown*: every test that names the feature passed. *Skipped*: its tests could not run here, for the
reason given. *Absent*: nobody claims it yet.
`;

/** The report as Markdown: no dates and no durations, so that it changes only when a result does. */
export function renderFeatures(states: readonly FeatureState[]): string {
  const groups = Map.groupBy(states, ({ feature }) => feature.id.replace(/-x?\d+$/, ''));
  const shown = states.filter(({ state }) => state === 'shown').length;
  const parts = [HEAD, `${shown} of ${states.length} features are shown.\n`];
  for (const [component, rows] of groups) {
    parts.push(`## ${component}\n`, '| id | feature | state | what shows it |', '|---|---|---|---|');
    parts.push(...rows.map(renderRow), '');
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

function renderRow({ feature, state, tests }: FeatureState): string {
  const files = [...new Set(tests.map(({ file }) => file))].sort();
  const reasons = [...new Set(tests.flatMap((test) => test.reason ?? []))].sort();
  const label = state === 'skipped' ? `skipped: ${reasons.join('; ')}` : state;
  const cells = [
    feature.id,
    `${feature.feature}: ${feature.shows}`,
    label,
    files.map((file) => `\`${file}\``).join(', '),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}
