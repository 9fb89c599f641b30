import { toJson } from '../../cli/output.ts';

/** Levels of the log, least first. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** A level of the log. */
export type LogLevel = (typeof logLevels)[number];

/** One line of the log. */
export interface LogLine {
  readonly atMs: number;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Longest line, in bytes; of a longer one the beginning of its fields stays. */
const maxLineBytes = 16 * 1024;

/** A line as it stands in the file: one JSON object, `time`, `level` and `event` first. */
export function formatLogLine({ atMs, level, event, fields }: LogLine): string {
  const head = { time: new Date(atMs).toISOString(), level, event };
  // Fields of the same names must not say when and what it was.
  const line = toJson({ ...head, ...fields, ...head });
  if (Buffer.byteLength(line) <= maxLineBytes) return line;
  return toJson({ ...head, cut: line.slice(0, maxLineBytes / 8) });
}

/** Reads a line; undefined for what is none, such as one that a crash cut off. */
export function parseLogLine(text: string): LogLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { time, level, event, ...fields } = value as Record<string, unknown>;
  const known = logLevels.find((one) => one === level);
  const atMs = Date.parse(String(time));
  if (known === undefined || typeof event !== 'string' || Number.isNaN(atMs)) return undefined;
  return { atMs, level: known, event, fields };
}

/** Longest fields of a line that is told as an event, characters: a thousand of those are kept in memory. */
const maxEventText = 4096;

/** A line as an event: of long fields the beginning stays, as text. */
export function lineEvent({ atMs, level, event, fields }: LogLine): LogLine {
  const text = toJson(fields);
  return {
    atMs,
    level,
    event,
    fields: text.length <= maxEventText ? fields : { cut: text.slice(0, maxEventText / 2) },
  };
}

/** Which lines are wanted. */
export interface LogFilter {
  /** The least level. */
  readonly level?: LogLevel | undefined;
  /** What the event begins with, such as `consensus.`. */
  readonly event?: string | undefined;
  /** Not older, Unix milliseconds. */
  readonly sinceMs?: number | undefined;
}

/** Whether a line is wanted. */
export function isWanted(line: LogLine, { level = 'debug', event = '', sinceMs = 0 }: LogFilter): boolean {
  return (
    logLevels.indexOf(line.level) >= logLevels.indexOf(level) &&
    line.event.startsWith(event) &&
    line.atMs >= sinceMs
  );
}
