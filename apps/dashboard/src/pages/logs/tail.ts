import type { EventData, Result } from '@hypermesh/client';

/** A line of the log with its place, by which no line is shown twice. */
export type Line = Result<'logs'>['lines'][number];

/** From the least to the worst. */
export const levels = ['debug', 'info', 'warn', 'error'] as const;

const MOST_LINES = 2_000;

/** A line that came as an event. */
export function lineOf(id: string, { atMs, level, event, fields }: EventData<'logs'>): Line {
  return { place: `event ${id}`, atMs, level, event, fields };
}

/** Whether a line is among those asked for. */
export function isHeard(line: Line, level: Line['level'], event: string): boolean {
  return levels.indexOf(line.level) >= levels.indexOf(level) && line.event.startsWith(event);
}

/** Newer lines before older ones, each once, and no more than a page can hold. */
export function tailOf(newer: readonly Line[], older: readonly Line[]): readonly Line[] {
  const seen = new Set(newer.map(keyOf));
  return [...newer, ...older.filter((line) => !seen.has(keyOf(line)))].slice(0, MOST_LINES);
}

/** What a line carries, in one line of text. */
export function textOfFields(fields: Line['fields']): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

/** The same line comes as an event and in an answer, under other places. */
const keyOf = ({ atMs, event, fields }: Line): string => `${atMs} ${event} ${textOfFields(fields)}`;
