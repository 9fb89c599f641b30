import type { Log } from '@hypermesh/core';
import { toJson } from '../cli/output.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;

/** Structured log of a daemon: one JSON object a line, from `least` on. */
export function jsonLog(stream: NodeJS.WritableStream, least: (typeof levels)[number] = 'info'): Log {
  const write = (level: (typeof levels)[number]): Log['info'] => {
    if (levels.indexOf(level) < levels.indexOf(least)) return () => undefined;
    return (event, fields) => {
      stream.write(`${toJson({ time: new Date().toISOString(), level, event, ...fields })}\n`);
    };
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
