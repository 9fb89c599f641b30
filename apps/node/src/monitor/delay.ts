import type { Clock } from '@hypermesh/core';

/** How late tasks run on this thread, seconds: half of them, nearly all, the worst. NaN where nothing was measured. */
export interface Delays {
  readonly median: number;
  readonly p99: number;
  readonly most: number;
}

const everyMs = 100;
/** 20 seconds of looks. */
const kept = 200;

/** Measures how late a task comes that is due every 100 ms, until it is disposed of. */
export function watchDelay(clock: Clock): Disposable & {
  /** Over what came since the last call. */
  take(): Delays;
} {
  const late = new Float64Array(kept);
  let count = 0;
  let dueMs = clock.monotonicMs() + everyMs;
  let cancel = clock.schedule(everyMs, look);

  function look(): void {
    const nowMs = clock.monotonicMs();
    late[count % kept] = Math.max(0, nowMs - dueMs) / 1000;
    count += 1;
    dueMs = nowMs + everyMs;
    cancel = clock.schedule(everyMs, look);
  }

  return {
    take() {
      const sorted = late.slice(0, Math.min(count, kept)).sort();
      // A task that is overdue now has not been counted yet: a thread that hangs is late by at least so much.
      const overdue = Math.max(0, clock.monotonicMs() - dueMs) / 1000;
      count = 0;
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
      return {
        median: at(0.5) ?? Number.NaN,
        p99: at(0.99) ?? Number.NaN,
        most: Math.max(sorted.at(-1) ?? Number.NaN, overdue),
      };
    },
    [Symbol.dispose]: () => cancel(),
  };
}
