import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '@hypermesh/core';

/** A run as a list shows it. `with` is the other member's NodeId: who executes what was asked here, or who asked. */
export interface RunFacts {
  readonly lease: string;
  readonly role: 'asked' | 'executed';
  /** `failed` where there is no answer to show; `interrupted` where this node stopped in the midst of it. */
  readonly status: 'running' | 'ended' | 'failed' | 'interrupted';
  readonly package: string;
  readonly with: string;
  readonly startedMs: number;
  readonly tookMs: number | null;
  readonly exit: string | null;
  readonly detail: string;
  /** Decimal text, as are all amounts. */
  readonly fuel: string | null;
  readonly memoryPages: number | null;
  readonly charge: string | null;
  /** NodeId of who executed it again. */
  readonly reexecutedBy: string | null;
  readonly matches: boolean | null;
}

/** What is kept of a run beyond its line in the list. */
export interface RunDetails {
  readonly fuelLimit: string;
  readonly memoryPagesLimit: number;
  readonly deadlineMs: number;
  readonly price: string;
  readonly log?: readonly string[];
  readonly limits?: readonly { readonly name: string; readonly enforcement: string; readonly how: string }[];
  readonly proofs?: { readonly [leg in 'space' | 'stake' | 'work' | 'time']: string };
  readonly height?: number;
  readonly timings?: {
    readonly provingMs: number;
    readonly finalityMs: number;
    readonly executionMs: number;
  };
  readonly reexecution?: string;
}

/** A run that is under way, to be told how it goes. Nothing here throws: a run does not fail because it is not written down. */
export interface NotedRun {
  /** It ended, whatever its exit. */
  ended(facts: Partial<RunFacts>, details?: Partial<RunDetails>): void;
  /** It came to nothing; `why` is for people. */
  failed(why: string): void;
}

/** Which runs: those before a place, newest first. */
export interface RunQuery {
  readonly role?: RunFacts['role'];
  readonly status?: RunFacts['status'];
  readonly before?: { readonly startedMs: number; readonly lease: string };
  readonly limit: number;
}

/** Runs that this node asked for and those it executed, durably; the oldest go when there are too many. */
export interface RunJournal {
  begin(
    run: Pick<RunFacts, 'lease' | 'role' | 'package' | 'with'> & { readonly startedMs?: number },
    details: RunDetails,
  ): NotedRun;
  /** Notes who executed an asked run again, and what came of it. */
  reexecuted(
    lease: string,
    by: string,
    verdict: { readonly matches: boolean; readonly detail: string },
  ): void;
  list(query: RunQuery): readonly RunFacts[];
  running(): number;
  get(
    lease: string,
    role?: RunFacts['role'],
  ): { readonly run: RunFacts; readonly details: RunDetails } | undefined;
}

/** Runs of each role that are kept. */
const keptRuns = 1_000;
const maxDetail = 1_000;

/** Opens the table in the journal; runs that were under way when the node stopped are interrupted. */
export function openRunJournal(
  database: DatabaseSync,
  parts: {
    readonly clock: Clock;
    /** Runs of each role that are kept; default 1000. */
    readonly keep?: number;
    onChange(run: RunFacts): void;
    onFault(error: unknown): void;
  },
): RunJournal {
  const { clock, keep: most = keptRuns, onChange, onFault } = parts;
  const put = database.prepare(
    `insert into runs (lease, role, status, started, facts, record) values (?, ?, ?, ?, ?, ?)
     on conflict do update set status = excluded.status, facts = excluded.facts, record = excluded.record`,
  );
  const get = database.prepare('select facts, record from runs where lease = ? and role = ?');
  const trim = database.prepare(
    `delete from runs where role = ? and status <> 'running' and started <= (
       select started from runs where role = ? order by started desc limit 1 offset ?)`,
  );
  const running = database.prepare("select count(*) as count from runs where status = 'running'");

  function keep(run: RunFacts, details: RunDetails): void {
    try {
      put.run(run.lease, run.role, run.status, run.startedMs, JSON.stringify(run), JSON.stringify(details));
      trim.run(run.role, run.role, most);
      onChange(run);
    } catch (error) {
      onFault(error);
    }
  }

  const find = (lease: string, role: RunFacts['role']) => {
    const row = get.get(lease, role);
    if (row === undefined) return undefined;
    return {
      run: JSON.parse(String(row['facts'])) as RunFacts,
      details: JSON.parse(String(row['record'])) as RunDetails,
    };
  };

  const cut = database.prepare("select facts, record from runs where status = 'running'").all();
  for (const row of cut) {
    const run = JSON.parse(String(row['facts'])) as RunFacts;
    const details = JSON.parse(String(row['record'])) as RunDetails;
    keep({ ...run, status: 'interrupted', detail: 'the node stopped in the midst of it' }, details);
  }

  return {
    begin({ startedMs = clock.nowMs(), ...begun }, details) {
      let run: RunFacts = {
        ...begun,
        status: 'running',
        startedMs,
        tookMs: null,
        exit: null,
        detail: '',
        fuel: null,
        memoryPages: null,
        charge: null,
        reexecutedBy: null,
        matches: null,
      };
      let known = details;
      const sinceMs = clock.monotonicMs();
      keep(run, known);
      const close = (facts: Partial<RunFacts>, more: Partial<RunDetails> = {}) => {
        const tookMs = Math.round(clock.monotonicMs() - sinceMs);
        run = { ...run, tookMs, ...facts };
        known = { ...known, ...more };
        keep(run, known);
      };
      return {
        ended: (facts, more) => close({ status: 'ended', ...facts }, more),
        failed: (why) => close({ status: 'failed', detail: why.slice(0, maxDetail).toWellFormed() }),
      };
    },
    reexecuted(lease, by, { matches, detail }) {
      const found = find(lease, 'asked');
      if (found === undefined) return;
      keep({ ...found.run, reexecutedBy: by, matches }, { ...found.details, reexecution: detail });
    },
    list({ role, status, before, limit }) {
      const where = ['(started, lease) < (?, ?)'];
      const values: (string | number)[] = [before?.startedMs ?? Number.MAX_SAFE_INTEGER, before?.lease ?? ''];
      if (role !== undefined) where.push('role = ?') && values.push(role);
      if (status !== undefined) where.push('status = ?') && values.push(status);
      return database
        .prepare(
          `select facts from runs where ${where.join(' and ')} order by started desc, lease desc, role limit ?`,
        )
        .all(...values, limit)
        .map((row) => JSON.parse(String(row['facts'])) as RunFacts);
    },
    running: () => Number(running.get()?.['count'] ?? 0),
    get: (lease, role) =>
      role === undefined ? (find(lease, 'asked') ?? find(lease, 'executed')) : find(lease, role),
  };
}
