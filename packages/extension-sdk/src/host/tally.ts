import type { Clock } from '@hypermesh/core';
import type { AuditEntry, AuditLog } from '../audit/entry.ts';

/** Something that an extension, or somebody who called it, was refused. */
export interface Denial {
  readonly atMs: number;
  readonly event: string;
  readonly detail: AuditEntry['detail'];
}

/** What was refused to an extension since it was loaded, with the newest 16. */
export interface Denials {
  readonly count: number;
  readonly newest: readonly Denial[];
}

const refusals: ReadonlySet<string> = new Set([
  'capability.denied',
  'request.denied',
  'request.limited',
  'proof.refused',
  'quota.exceeded',
]);
const MOST = 16;

/** Passes records on to a log, and counts the refusals among them for each extension. */
export class Tally implements AuditLog {
  readonly #audit: AuditLog;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #found = new Map<string, { count: number; newest: Denial[] }>();

  constructor(audit: AuditLog, clock: Pick<Clock, 'nowMs'>) {
    this.#audit = audit;
    this.#clock = clock;
  }

  append(entry: AuditEntry): void {
    if (refusals.has(entry.event) && entry.extension !== '') {
      const found = this.#found.get(entry.extension) ?? { count: 0, newest: [] };
      this.#found.set(entry.extension, found);
      found.count++;
      found.newest.push({ atMs: this.#clock.nowMs(), event: entry.event, detail: entry.detail });
      if (found.newest.length > MOST) found.newest.shift();
    }
    this.#audit.append(entry);
  }

  of(id: string): Denials {
    const { count, newest } = this.#found.get(id) ?? { count: 0, newest: [] };
    return { count, newest: [...newest] };
  }

  forget(id: string): void {
    this.#found.delete(id);
  }
}
