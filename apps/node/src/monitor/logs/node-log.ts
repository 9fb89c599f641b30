import type { Clock, Log, Metrics } from '@hypermesh/core';
import { type LogBounds, openLogFiles } from './files.ts';
import { formatLogLine, type LogLevel, type LogLine, logLevels } from './line.ts';

/** The log of a node: what it was given, and files in its data directory. */
export interface NodeLog extends Log, Disposable {
  readonly folder: string;
  /** Calls back with every line of the file; the answer ends it. */
  onLine(heard: (line: LogLine) => void): () => void;
}

/** Logs to `beside` as before, and from `least` on to files in a folder; lines are counted by their level. */
export function openNodeLog(
  folder: string,
  parts: {
    readonly beside: Log;
    readonly least: LogLevel;
    readonly bounds: LogBounds;
    readonly clock: Clock;
    readonly metrics: Metrics;
  },
): NodeLog {
  const { beside, least, bounds, clock, metrics } = parts;
  const files = openLogFiles(folder, bounds, () => clock.monotonicMs());
  const listeners = new Set<(line: LogLine) => void>();
  let lost = 0;

  function write(line: LogLine): void {
    metrics.count('log_lines_total', 1, { level: line.level });
    if (
      lost > 0 &&
      files.write(formatLogLine({ ...line, level: 'warn', event: 'log.lost', fields: { lines: lost } }))
    )
      lost = 0;
    if (!files.write(formatLogLine(line))) {
      lost += 1;
      metrics.count('log_lost_lines_total');
    }
    for (const heard of listeners) heard(line);
  }

  const at = (level: LogLevel): Log['info'] => {
    const isKept = logLevels.indexOf(level) >= logLevels.indexOf(least);
    return (event, fields = {}) => {
      beside[level](event, fields);
      if (!isKept) return;
      try {
        write({ atMs: clock.nowMs(), level, event, fields });
      } catch {
        // Fields that cannot be written, such as a circle, must not fail whoever logs.
        metrics.count('log_lost_lines_total');
      }
    };
  };
  return {
    folder,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    onLine(heard) {
      listeners.add(heard);
      return () => {
        listeners.delete(heard);
      };
    },
    [Symbol.dispose]: () => files[Symbol.dispose](),
  };
}
