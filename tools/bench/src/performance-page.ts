import { isMet, type Line } from './report.ts';

const intro = `# Performance

Written by \`npx -y pnpm@12 bench --write\` from what the benches reported; the lines themselves are in
[performance.jsonl](performance.jsonl). An absolute time says little about your machine: read the ratios, which were measured against the named
baseline in the same run, interleaved. Every bench is a file in the \`bench/\` folder of its package and runs alone: \`npx -y pnpm@12 bench WORD\`.
What misses its aim stands here as it was measured.
`;

/** The page of all measurements: one table for each package, in the order of names. Ends with a newline. */
export function performancePage(lines: readonly Line[]): string {
  const sorted = [...lines].sort((a, b) => (a.name < b.name ? -1 : 1));
  const groups = Map.groupBy(sorted, ({ name }) => name.split('/')[0] ?? '');
  const judged = sorted.map(isMet).filter((met) => met !== undefined);
  const summary = `${judged.filter((met) => met).length} of ${judged.length} aims are met. ${conditions(sorted)}`;
  return [intro, summary, ...[...groups].map(([group, own]) => section(group, own))].join('\n').concat('\n');
}

function conditions(lines: readonly Line[]): string {
  const machines = [...new Set(lines.map(({ cpu, node }) => `${cpu}, Node.js ${node}`))];
  const loads = lines.map(({ load }) => load);
  return `Measured on ${machines.join('; ')}; load average ${Math.min(...loads)} to ${Math.max(...loads)}, the bench itself included.`;
}

function section(group: string, lines: readonly Line[]): string {
  return [
    `\n## ${group}\n`,
    '| what | value | baseline | ratio | aim | runs | spread |',
    '|---|--:|--:|--:|---|--:|--:|',
    ...lines.map(row),
  ].join('\n');
}

function row(line: Line): string {
  const met = isMet(line);
  const { baseline, baselineName } = line;
  const cells = [
    line.name.slice(line.name.indexOf('/') + 1),
    `${line.value} ${line.unit}`,
    baseline === undefined
      ? ''
      : `${baseline} ${line.unit}${baselineName === undefined ? '' : `, ${baselineName}`}`,
    line.ratio === undefined ? '' : `${line.ratio}`,
    met === undefined ? '' : `${line.aim}: ${met ? 'met' : '**missed**'}`,
    `${line.runs}`,
    `${Math.round(line.spread * 100)} %`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Lines that were kept, with those of the same name replaced by newer ones. */
export function mergeLines(kept: readonly Line[], fresh: readonly Line[]): Line[] {
  const byName = new Map([...kept, ...fresh].map((line) => [line.name, line]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Reads lines that a bench left, one JSON object each. */
export function parseLines(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
