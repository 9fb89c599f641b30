import { NodeError } from '../errors.ts';
import { type LogLine, logLevels } from '../monitor/logs/line.ts';
import { endOfLogs, followLogs, readLogs } from '../monitor/logs/read.ts';
import { type Command, dataFlag } from './command.ts';
import { directoryOf } from './control.ts';
import { textOf } from './init.ts';
import { printable, toJson } from './output.ts';

export const logsCommand: Command = {
  name: 'logs',
  summary: 'what the daemon has logged, also of one that is stopped',
  details:
    'Reads the files in the folder logs of the data directory: it works with a node that runs, one that hangs and one that is stopped. With --follow and --json each line is one JSON object on stdout.',
  positionals: [],
  flags: [
    dataFlag,
    { name: 'follow', short: 'f', describe: 'go on with what comes, until Ctrl-C' },
    {
      name: 'level',
      value: 'LEVEL',
      describe: 'the least level',
      fallback: 'debug',
      accepts: { oneOf: logLevels },
    },
    { name: 'event', value: 'PREFIX', describe: 'only events that begin so, such as consensus.' },
    {
      name: 'since',
      value: 'TIME',
      describe: 'not older: 90s, 15m, 2h, 1d, or a time such as 2026-11-20T16:00Z',
    },
    {
      name: 'limit',
      value: 'N',
      describe: 'lines at most, the newest',
      fallback: '100',
      accepts: { whole: true, least: 1, most: 100_000 },
    },
  ],
  examples: ['hypermesh logs --level warn --since 1h', 'hypermesh logs --follow --event run.'],
  async run(invocation) {
    const { flags, output, signal } = invocation;
    const { logs: folder } = directoryOf(invocation);
    const since = textOf(flags['since']);
    const level = logLevels.find((one) => one === flags['level']);
    const filter = {
      ...(level === undefined ? {} : { level }),
      event: textOf(flags['event']) ?? '',
      sinceMs: since === undefined ? 0 : timeOf(since, Date.now()),
    };
    const end = await endOfLogs(folder);
    const limit = Number(textOf(flags['limit']) ?? '100');
    const found = await readLogs(folder, { ...filter, limit, before: end, signal });
    const lines = found.toReversed().map(({ place: _, ...line }) => line);
    const isFollowing = flags['follow'] === true;
    const show = (line: LogLine) => {
      if (flags['json'] !== true) output.line(describeLine(line));
      else if (isFollowing) process.stdout.write(`${toJson(line)}\n`);
    };
    for (const line of lines) show(line);
    if (!isFollowing) return { lines };
    for await (const line of followLogs(folder, { ...filter, after: end }, signal)) show(line);
    return { lines: [] };
  },
};

/** One line for people: time, level, event, and the fields as they are. */
export function describeLine({ atMs, level, event, fields }: LogLine): string {
  const words = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? plain(value) : toJson(value)}`,
  );
  return printable(
    `${new Date(atMs).toISOString()} ${level.padEnd(5)} ${event}${words.map((word) => ` ${word}`).join('')}`,
  );
}

function plain(text: string): string {
  return /^[^\s"\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text);
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The time that `15m` (ago) or an ISO time means. Throws `node/bad-flag`. */
export function timeOf(text: string, nowMs: number): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const span = units[unit ?? ''];
  if (span !== undefined) return nowMs - Number(number) * span;
  const atMs = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new NodeError(
    {
      code: 'node/bad-flag',
      flag: '--since',
      next: 'give 90s, 15m, 2h, 1d or a time such as 2026-11-20T16:00Z',
    },
    `${JSON.stringify(text)} is no time`,
  );
}
