import { isBytes, toHex } from '../bytes.ts';
import { CoreError } from '../failure.ts';
import type { Clock, Log, Metrics, Random, Startable } from '../ports.ts';

/** One promise of a port, for any test runner: `check` throws `core/broken-law` when an implementation breaks it. */
export interface Law {
  /** A sentence: the title of a test. */
  readonly title: string;
  readonly check: () => Promise<void>;
}

type Demand = (holds: boolean) => void;

function law(title: string, body: (demand: Demand) => void | Promise<void>): Law {
  const demand: Demand = (holds) => {
    if (!holds) throw new CoreError({ code: 'core/broken-law', law: title }, `broken: ${title}`);
  };
  return { title, check: async () => body(demand) };
}

/** What every clock keeps to. `pass` lets `ms` go by on it: a manual clock is moved, of a real one the time is awaited. */
export function clockLaws(clock: Clock, pass: (ms: number) => void | Promise<void>): readonly Law[] {
  return [
    law('monotonic time never falls, and grows while time passes', async (demand) => {
      const first = clock.monotonicMs();
      const second = clock.monotonicMs();
      await pass(5);
      const third = clock.monotonicMs();
      demand(first <= second && second < third);
    }),
    law('the wall clock tells a finite number of milliseconds', (demand) =>
      demand(Number.isFinite(clock.nowMs())),
    ),
    law('a task runs once, after its delay and never inside schedule', async (demand) => {
      let runs = 0;
      clock.schedule(0, () => {
        runs += 1;
      });
      demand(runs === 0);
      await pass(10);
      await pass(10);
      demand(runs === 1);
    }),
    law('a task runs no earlier than its delay', async (demand) => {
      // A timer of Node may be up to a millisecond early by the monotonic clock.
      const earlyMs = 2;
      const delayMs = 20;
      const scheduledMs = clock.monotonicMs();
      let ranMs = scheduledMs;
      clock.schedule(delayMs, () => {
        ranMs = clock.monotonicMs();
      });
      for (let waits = 0; waits < 10 && ranMs === scheduledMs; waits += 1) await pass(delayMs + 5);
      demand(ranMs - scheduledMs >= delayMs - earlyMs);
    }),
    law('a cancelled task never runs, and cancelling again, or late, does nothing', async (demand) => {
      let ran = false;
      const cancel = clock.schedule(1, () => {
        ran = true;
      });
      cancel();
      cancel();
      const late = clock.schedule(0, () => {});
      await pass(10);
      late();
      demand(!ran);
    }),
    law('a negative delay counts as none', async (demand) => {
      let ran = false;
      clock.schedule(-1000, () => {
        ran = true;
      });
      await pass(10);
      demand(ran);
    }),
  ];
}

/** What every source of random bytes keeps to. Of their quality no test of this kind says much. */
export function randomLaws(random: Random): readonly Law[] {
  return [
    law('the bytes have the length asked for', (demand) => {
      for (const length of [0, 1, 31, 32, 65_537]) {
        const bytes = random.bytes(length);
        demand(isBytes(bytes) && bytes.length === length);
      }
    }),
    law('no two draws of 16 bytes are the same', (demand) => {
      const draws = Array.from({ length: 1000 }, () => toHex(random.bytes(16)));
      demand(new Set(draws).size === draws.length);
    }),
    law('what was handed out does not change with later draws', (demand) => {
      const bytes = random.bytes(32);
      const before = toHex(bytes);
      random.bytes(32).fill(0);
      demand(toHex(bytes) === before);
    }),
  ];
}

/** Values that have thrown in careless serializers: a cycle, a bigint, a getter that throws. */
function awkward(): Readonly<Record<string, unknown>> {
  const cycle: Record<string, unknown> = { big: 2n ** 70n, absent: undefined, symbol: Symbol('s') };
  cycle['self'] = cycle;
  Object.defineProperty(cycle, 'trap', {
    enumerable: true,
    get: () => {
      throw new Error('a getter that throws');
    },
  });
  return cycle;
}

/** What every log keeps to. */
export function logLaws(log: Log): readonly Law[] {
  return (['debug', 'info', 'warn', 'error'] as const).map((level) =>
    law(`${level} never throws, whatever the fields hold`, (demand) => {
      demand(returns(() => log[level]('event')) && returns(() => log[level]('event', awkward())));
    }),
  );
}

/** What every sink of metrics keeps to. */
export function metricsLaws(metrics: Metrics): readonly Law[] {
  return [
    law('counting and observing never throw, whatever the numbers', (demand) => {
      demand(returns(() => metrics.count('tests_run_total')));
      for (const value of [0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        demand(returns(() => metrics.count('tests_run_total', value, { kind: 'law' })));
        demand(returns(() => metrics.observe('tests_run_ms', value, { kind: 'law' })));
      }
    }),
  ];
}

/** What everything with a life keeps to. `create` makes a fresh one that was never started. */
export function startableLaws(create: () => Startable): readonly Law[] {
  return [
    law('starting and stopping twice is as once', async (demand) => {
      const subject = create();
      demand(await resolves(Promise.all([subject.start(), subject.start()])));
      demand(await resolves(subject.start()));
      demand(await resolves(Promise.all([subject.stop(), subject.stop()])));
      demand(await resolves(subject.stop()));
    }),
    law('what was never started can be stopped', async (demand) => demand(await resolves(create().stop()))),
  ];
}

function returns(call: () => void): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}

function resolves(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
