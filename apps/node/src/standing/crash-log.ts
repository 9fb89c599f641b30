import type { Log } from '@hypermesh/core';

/**
 * Has a failure that nobody caught written to the log before it ends this process: what stderr says of it is gone where
 * nobody keeps stderr. It ends the process all the same.
 */
export function logCrashes(log: Log): Disposable {
  const tell = (error: unknown, origin: string): void => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.error('node.crashed', { origin, message: String(error), ...(stack === undefined ? {} : { stack }) });
  };
  process.on('uncaughtExceptionMonitor', tell);
  return { [Symbol.dispose]: () => void process.off('uncaughtExceptionMonitor', tell) };
}
