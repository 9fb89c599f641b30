import type { Storage } from '../ports.ts';
import { encodeLogRecord } from './record.ts';
import type { LogRecord } from './state.ts';

/** Views guarded beyond the one that is signed, so that the guard is written seldom. */
const GUARD_STRIDE = 64;

interface Entry {
  readonly token: number;
  readonly records: readonly LogRecord[];
}

/** What the persister tells its owner. */
export interface PersisterEvents {
  /** All records up to this token are durable. */
  durable(tokens: readonly number[]): void;
  /** The storage failed; nothing is written any more. */
  failed(error: unknown): void;
  /** The records of a shorter log, or undefined while there is no need for one. */
  compaction(): Promise<readonly LogRecord[] | undefined>;
}

/** Writes records in order, many in one sync: while a sync runs the next ones gather. */
export interface Persister {
  push(entry: Entry): void;
  /** Resolves when everything pushed so far is durable; never when the storage failed. */
  durable(): Promise<void>;
  /** Resolves when nothing is being written any more. */
  idle(): Promise<void>;
}

/** Creates the only writer of the log and the guard. */
export function createPersister(
  { log, guard }: Storage,
  validators: number,
  events: PersisterEvents,
): Persister {
  let waiting: Entry[] = [];
  let running: Promise<void> | undefined;
  let pushed = 0;
  let written = 0;
  let watchers: { readonly upTo: number; readonly resolve: () => void }[] = [];

  const writeAll = async (): Promise<void> => {
    try {
      while (waiting.length > 0) {
        const batch = waiting;
        waiting = [];
        const records = batch.flatMap((entry) => entry.records);
        let highest = 0;
        for (const record of records) if (record.type === 'vote') highest = Math.max(highest, record.view);
        if (highest > guard.view) await guard.raise(highest + GUARD_STRIDE);
        await log.append(records.map((record) => encodeLogRecord(record, validators)));
        written += batch.length;
        events.durable(batch.map((entry) => entry.token));
        for (const { upTo, resolve } of watchers) if (upTo <= written) resolve();
        watchers = watchers.filter(({ upTo }) => upTo > written);
        const shorter = await events.compaction();
        if (shorter !== undefined)
          await log.replace(shorter.map((record) => encodeLogRecord(record, validators)));
      }
    } catch (error) {
      waiting = [];
      events.failed(error);
    } finally {
      // In the same turn as the last look at what waits: what is pushed later starts anew.
      running = undefined;
    }
  };

  return {
    push(entry) {
      waiting.push(entry);
      pushed += 1;
      running ??= writeAll();
    },
    durable() {
      const upTo = pushed;
      if (upTo <= written) return Promise.resolve();
      return new Promise<void>((resolve) => watchers.push({ upTo, resolve }));
    },
    idle: async () => {
      while (running !== undefined) await running;
    },
  };
}
