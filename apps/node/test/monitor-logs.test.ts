import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Log, silentLog } from '@hypermesh/core';
import { createManualClock, logLaws } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import { describeLine, timeOf } from '../src/cli/logs.ts';
import { defaultLogBounds } from '../src/monitor/logs/files.ts';
import { formatLogLine, type LogLine, lineEvent, parseLogLine } from '../src/monitor/logs/line.ts';
import { openNodeLog } from '../src/monitor/logs/node-log.ts';
import { endOfLogs, followLogs, readLogs } from '../src/monitor/logs/read.ts';
import { createMetrics } from '../src/monitor/metrics/registry.ts';
import { metricTable } from '../src/monitor/table/index.ts';
import { failureOf, temporaryDirectory } from './support.ts';

const startMs = 1_800_000_000_000;

function logIn(
  folder: string,
  options: { readonly fileBytes?: number; readonly files?: number; beside?: Log } = {},
) {
  const clock = createManualClock(startMs);
  const metrics = createMetrics(metricTable);
  const { fileBytes = 4_096, files = 3, beside = silentLog } = options;
  const log = openNodeLog(folder, { beside, least: 'info', bounds: { fileBytes, files }, clock, metrics });
  return Object.assign(log, { clock, metrics });
}
const bytesIn = (folder: string) =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
const countsOf = (lines: readonly LogLine[]) => lines.map(({ fields }) => fields['n']);

describe('the log of a node', () => {
  it('tells of a long line its beginning alone, whatever somebody else made it of', () => {
    const line = { atMs: startMs, level: 'warn', event: 'peer.said', fields: { n: 1n } } as const;
    expect(lineEvent(line)).toEqual(line);
    const long = lineEvent({ ...line, fields: { said: 'x'.repeat(1_000_000) } });
    expect(long).toMatchObject({ atMs: startMs, level: 'warn', event: 'peer.said' });
    expect(JSON.stringify(long).length).toBeLessThan(3_000);
  });

  for (const law of logLaws(logIn(temporaryDirectory().path))) it(law.title, () => law.check());

  it('keeps so many files of so many bytes and no more, whatever is logged', () => {
    using directory = temporaryDirectory();
    using log = logIn(directory.logs);
    for (let n = 0; n < 2_000; n += 1) log.info('some.event', { n, text: 'x'.repeat(n % 300) });
    expect(readdirSync(directory.logs)).toHaveLength(3);
    // A file ends with the line that makes it too long.
    expect(bytesIn(directory.logs)).toBeLessThan(3 * (4_096 + 400));
    expect(defaultLogBounds.files * defaultLogBounds.fileBytes).toBe(50 * 2 ** 20);
  });

  it('goes on in its newest file after a restart, and ends a line that a crash cut off', async () => {
    using directory = temporaryDirectory();
    const first = logIn(directory.logs);
    first.info('before', { n: 1 });
    const [name = ''] = readdirSync(directory.logs);
    appendFileSync(join(directory.logs, name), '{"time":"2027-01-15T08:00:00.000Z","level":"in');
    using second = logIn(directory.logs);
    second.info('after', { n: 2 });
    expect(readdirSync(directory.logs)).toEqual([name]);
    const lines = await readLogs(directory.logs, { limit: 10 });
    expect(countsOf(lines)).toEqual([2, 1]);
  });

  it('survives a disk that takes nothing: what is lost is counted, and told when there is room again', async () => {
    using directory = temporaryDirectory();
    using log = logIn(directory.logs);
    mkdirSync(directory.path, { recursive: true });
    // A file where the folder should be: as hopeless as a full disk, for root too.
    writeFileSync(directory.logs, '');
    for (let n = 0; n < 5; n += 1) log.error('lost', { n });
    expect(log.metrics.total('log_lost_lines_total')).toBe(5);
    rmSync(directory.logs);
    log.info('too early');
    log.clock.advance(1_000);
    log.info('back', { n: 9 });
    const lines = await readLogs(directory.logs, { limit: 10 });
    expect(lines).toMatchObject([
      { event: 'back', fields: { n: 9 } },
      { event: 'log.lost', level: 'warn', fields: { lines: 6 } },
    ]);
    expect(log.metrics.total('log_lines_total', { level: 'error' })).toBe(5);
  });

  it('keeps lines for the owner alone, and passes each on to where it went before', () => {
    using directory = temporaryDirectory();
    const heard: string[] = [];
    const hear = (event: string) => void heard.push(event);
    using log = logIn(directory.logs, { beside: { debug: hear, info: hear, warn: hear, error: hear } });
    log.debug('small');
    log.warn('large');
    expect(heard).toEqual(['small', 'large']);
    const [name = ''] = readdirSync(directory.logs);
    expect(statSync(join(directory.logs, name)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(directory.logs, name), 'utf8')).not.toContain('small');
    chmodSync(directory.logs, 0o700);
  });

  it('does not let fields say what a line is, bounds what they hold, and takes what cannot be written', () => {
    const line = {
      atMs: startMs,
      level: 'info',
      event: 'real',
      fields: { event: 'forged', level: 'error', time: 3 },
    } as const;
    expect(parseLogLine(formatLogLine(line))).toEqual({ ...line, fields: {} });
    const long = formatLogLine({ ...line, fields: { text: '\u{1F600}'.repeat(100_000) } });
    expect(Buffer.byteLength(long)).toBeLessThan(20_000);
    expect(parseLogLine(long)).toMatchObject({ event: 'real', fields: { cut: expect.any(String) } });
    using directory = temporaryDirectory();
    using log = logIn(directory.logs);
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(() => log.info('circle', circle)).not.toThrow();
    expect(log.metrics.total('log_lost_lines_total')).toBe(1);
  });
});

describe('what is read of the log', () => {
  it('comes newest first, page by page over the ends of files, by level, event and time', async () => {
    using directory = temporaryDirectory();
    using log = logIn(directory.logs, { files: 20 });
    for (let n = 0; n < 300; n += 1) {
      log.clock.advance(1_000);
      log[n % 10 === 0 ? 'error' : 'info'](n % 2 === 0 ? 'even.number' : 'odd.number', {
        n,
        text: 'é'.repeat(n % 50),
      });
    }
    expect(readdirSync(directory.logs).length).toBeGreaterThan(5);
    const found: LogLine[] = [];
    let before: string | undefined;
    for (;;) {
      const page = await readLogs(directory.logs, { limit: 7, before });
      found.push(...page);
      before = page.at(-1)?.place;
      if (page.length < 7) break;
    }
    expect(countsOf(found)).toEqual(Array.from({ length: 300 }, (_, index) => 299 - index));
    expect(countsOf(await readLogs(directory.logs, { limit: 3, level: 'error' }))).toEqual([290, 280, 270]);
    expect(countsOf(await readLogs(directory.logs, { limit: 3, event: 'odd.' }))).toEqual([299, 297, 295]);
    const late = await readLogs(directory.logs, { limit: 1_000, sinceMs: startMs + 295_000 });
    expect(countsOf(late)).toEqual([299, 298, 297, 296, 295, 294]);
    expect(await readLogs(join(directory.path, 'none'), { limit: 3 })).toEqual([]);
    expect(await readLogs(directory.logs, { limit: 3, before: 'nowhere' })).toHaveLength(3);
  });

  it('passes over lines that are none', async () => {
    using directory = temporaryDirectory();
    mkdirSync(directory.logs, { recursive: true });
    const good = formatLogLine({ atMs: startMs, level: 'info', event: 'good', fields: { n: 1 } });
    writeFileSync(
      join(directory.logs, 'node-1.log'),
      `null\n[]\n{"level":"info"}\n\n${good}\n\u0000\n{"time":"x"`,
    );
    writeFileSync(join(directory.logs, 'node-x.log'), `${good}\n`);
    expect(countsOf(await readLogs(directory.logs, { limit: 9 }))).toEqual([1]);
  });

  it('follows what comes, over the end of a file', { timeout: 60_000 }, async () => {
    using directory = temporaryDirectory();
    using log = logIn(directory.logs, { fileBytes: 300 });
    log.info('before', { n: -1 });
    const stop = new AbortController();
    const heard: unknown[] = [];
    const write = (from: number) => {
      for (let n = from; n < from + 5; n += 1) log.info('come', { n });
    };
    const following = (async () => {
      const after = await endOfLogs(directory.logs);
      write(0);
      for await (const { fields } of followLogs(directory.logs, { event: 'come', after }, stop.signal)) {
        heard.push(fields['n']);
        if (heard.length === 20) stop.abort();
        else if (heard.length % 5 === 0) write(heard.length);
      }
    })();
    await following;
    expect(heard).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });
});

describe('hypermesh logs', () => {
  it('takes spans and times, and says what it takes', async () => {
    expect(timeOf('15m', startMs)).toBe(startMs - 900_000);
    expect(timeOf('2d', startMs)).toBe(startMs - 172_800_000);
    expect(timeOf('2026-11-20T16:00Z', startMs)).toBe(Date.UTC(2026, 10, 20, 16));
    for (const text of ['', 'yesterday', '5', '-5m', '5y', '20'])
      expect(await failureOf(() => timeOf(text, startMs))).toMatchObject({
        code: 'node/bad-flag',
        flag: '--since',
      });
  });

  it('shows a line so that it does not steer a terminal', () => {
    const fields = { word: 'one', words: 'two words', escape: '\u001b[2J', list: [1, 2] };
    const line = describeLine({ atMs: startMs, level: 'warn', event: 'some.event', fields });
    expect(line).toBe(
      '2027-01-15T08:00:00.000Z warn  some.event word=one words="two words" escape="\\u001b[2J" list=[1,2]',
    );
  });
});
