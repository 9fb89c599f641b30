import { CoreError } from '../failure.ts';
import type { Clock } from '../ports.ts';

/** A clock that stands until it is moved; tasks run inside `advance`, in the order of their times. */
export interface ManualClock extends Clock {
  /** Moves on by `ms` and runs what falls due on the way, each at its own time, also what such tasks schedule. */
  advance(ms: number): void;
  /** Moves on to a time of `nowMs`; never back. */
  advanceTo(ms: number): void;
  /** Sets the wall clock without moving `monotonicMs` or the tasks, as an operator might. */
  jumpTo(ms: number): void;
  /** How many tasks wait. */
  readonly pending: number;
  /** `nowMs` of the next task, or undefined when none waits. */
  readonly nextAtMs: number | undefined;
}

interface Task {
  readonly at: number;
  readonly run: () => void;
}

/** Makes a manual clock whose `nowMs` starts at `startMs` and whose `monotonicMs` starts at 0. */
export function createManualClock(startMs = 0): ManualClock {
  const tasks: Task[] = [];
  let elapsed = 0;
  let origin = startMs;
  const advance = (ms: number): void => {
    if (!(ms >= 0)) throw new CoreError({ code: 'core/out-of-range', name: 'ms' }, 'a clock never goes back');
    const end = elapsed + ms;
    for (let next = tasks[0]; next !== undefined && next.at <= end; next = tasks[0]) {
      tasks.shift();
      elapsed = Math.max(elapsed, next.at);
      next.run();
    }
    elapsed = Math.max(elapsed, end);
  };
  return {
    nowMs: () => origin + elapsed,
    monotonicMs: () => elapsed,
    schedule(delayMs, run) {
      const task = { at: elapsed + Math.max(0, delayMs), run };
      const after = tasks.findIndex((other) => other.at > task.at);
      tasks.splice(after < 0 ? tasks.length : after, 0, task);
      return () => {
        const index = tasks.indexOf(task);
        if (index >= 0) tasks.splice(index, 1);
      };
    },
    advance,
    advanceTo: (ms) => advance(ms - origin - elapsed),
    jumpTo(ms) {
      origin = ms - elapsed;
    },
    get pending() {
      return tasks.length;
    },
    get nextAtMs() {
      const next = tasks[0];
      return next === undefined ? undefined : origin + next.at;
    },
  };
}
