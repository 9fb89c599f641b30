import type { Log, Metrics } from './ports.ts';

function nothing(): void {}

/** The log of those who want none. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** The metrics of those who want none. */
export const silentMetrics: Metrics = { count: nothing, observe: nothing };
