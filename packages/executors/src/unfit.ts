import { hasCode } from '@hypermesh/core';
import type { CallOutcome } from './executor.ts';

/** The outcome of a program that its runner does not take, such as one with too long a name; rethrows all else. */
export function unfit(error: unknown): CallOutcome {
  if (!hasCode(error, 'metered-wasm/bad-argument') || !(error instanceof Error)) throw error;
  return { exit: 'denied', detail: error.message, fuelUsed: 0n, log: [] };
}
