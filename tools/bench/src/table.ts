import { isMet, type Line } from './report.ts';

const HEADER = ['name', 'value', 'baseline', 'ratio', 'aim', '', 'runs', 'spread'];

/** All measurements as one text table; what misses its aim says so. */
export function toTable(lines: readonly Line[]): string {
  const rows = [HEADER, ...lines.map(toRow)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const text = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const first = lines[0];
  const machine = first === undefined ? 'no measurement' : `${first.cpu}, Node ${first.node}`;
  const missed = lines.filter((line) => isMet(line) === false).length;
  const aims = lines.filter((line) => line.aim !== undefined).length;
  return [...text, '', `${machine}; ${aims - missed} of ${aims} aims met, ${missed} missed`].join('\n');
}

function toRow(line: Line): string[] {
  const met = isMet(line);
  return [
    line.name,
    `${line.value} ${line.unit}`,
    line.baseline === undefined
      ? ''
      : `${line.baseline}${line.baselineName ? ` (${line.baselineName})` : ''}`,
    line.ratio?.toString() ?? '',
    line.aim ?? '',
    met === undefined ? '' : met ? 'met' : 'MISSED',
    `${line.runs}`,
    `${Math.round(line.spread * 100)} %`,
  ];
}
