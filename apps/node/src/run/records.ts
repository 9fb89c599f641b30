import { readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseOperationId } from '@hypermesh/core';
import { readIfPresent, writeDurably } from '../data-directory.ts';

/** What this node keeps of a run that it had made: enough to show it to others. */
export interface RunRecord {
  /** The executing node's signed statement. */
  readonly statement: Uint8Array;
  /** Empty where the run did not end well. */
  readonly output: Uint8Array;
}

/** Runs that this node asked for, by the id of their lease. The oldest go when there are too many. */
export interface RunRecords {
  /** Durable when it returns. */
  keep(lease: string, run: RunRecord): void;
  get(lease: string): RunRecord | undefined;
  leases(): readonly string[];
}

const isLease = (name: string): boolean => parseOperationId(name).ok;

/** Runs that are kept. */
const mostRuns = 256;

/** Opens the records in a folder, which is made when there is something to keep. */
export function openRunRecords(folder: string): RunRecords {
  const leases = () => {
    try {
      return readdirSync(folder).filter(isLease);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  };
  return {
    leases,
    keep(lease, { statement, output }) {
      writeDurably(join(folder, lease, 'output'), output);
      writeDurably(join(folder, lease, 'statement.cbor'), statement);
      const all = leases();
      if (all.length <= mostRuns) return;
      const oldest = all
        .map((name) => ({ name, madeMs: statSync(join(folder, name)).mtimeMs }))
        .sort((a, b) => a.madeMs - b.madeMs)
        .slice(0, all.length - mostRuns);
      for (const { name } of oldest) void rm(join(folder, name), { recursive: true, force: true });
    },
    get(lease) {
      if (!isLease(lease)) return undefined;
      const statement = readIfPresent(join(folder, lease, 'statement.cbor'));
      const output = readIfPresent(join(folder, lease, 'output'));
      return statement === undefined || output === undefined ? undefined : { statement, output };
    },
  };
}
