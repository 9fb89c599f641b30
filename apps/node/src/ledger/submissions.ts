import type { DatabaseSync } from 'node:sqlite';
import { decodeTransaction } from '@hypermesh/consensus';
import { type Clock, hasCode, type Log, type OperationId } from '@hypermesh/core';
import { NodeError } from '../errors.ts';
import { wait } from '../mesh/peers.ts';
import type { LedgerService } from './service.ts';

/** Where an operation is that was handed in: waiting, final, or refused with the leg of its proof and why. */
export interface SubmissionFacts {
  readonly id: string;
  readonly status: 'pending' | 'valid' | 'invalid';
  readonly kind: string;
  readonly submittedMs?: number;
  readonly decidedMs?: number;
  readonly height?: number;
  /** `space`, `stake`, `work`, `time`, `binding`, or `ledger` for its rules. */
  readonly leg?: string;
  readonly reason?: string;
}

/**
 * Operations that nobody waits for. What was accepted is durable, and goes on after a restart until the ledger has
 * decided; an operation that cannot become final any more is refused by its own proof's time.
 */
export interface Submissions extends AsyncDisposable {
  /** Takes a transaction in, durably, and begins. Throws `node/bad-flag` for what is none, `node/refused` when too many wait. */
  accept(transaction: Uint8Array): SubmissionFacts;
  /** Undefined for what was never accepted here, or was decided so long ago that it is forgotten. */
  status(id: string): SubmissionFacts | undefined;
}

/** Operations that wait, and decided ones that are remembered. */
const mostWaiting = 256;
const mostDecided = 4_096;
const againMs = 1_000;

/** Opens the table in the journal and takes up what waits. `onChange` hears of every status. */
export function openSubmissions(
  database: DatabaseSync,
  parts: {
    readonly ledger: Pick<LedgerService, 'submit'> & {
      readonly ledger: {
        operation(id: OperationId): { readonly height: number; readonly code: string } | undefined;
      };
    };
    readonly clock: Clock;
    readonly log: Log;
    onChange(facts: SubmissionFacts): void;
  },
): Submissions {
  const { ledger, clock, log, onChange } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  const under = new Map<string, Promise<void>>();
  const get = database.prepare('select * from submissions where id = ?');
  const put = database.prepare(
    "insert or replace into submissions (id, kind, bytes, status, submitted) values (?, ?, ?, 'pending', ?)",
  );
  const decide = database.prepare(
    "update submissions set status = ?, leg = ?, reason = ?, height = ?, decided = ?, bytes = x'' where id = ?",
  );
  const forget = database.prepare(
    `delete from submissions where id in (
       select id from submissions where status <> 'pending' order by decided desc limit -1 offset ${mostDecided})`,
  );

  const status = (id: string): SubmissionFacts | undefined => {
    const row = get.get(id);
    return row === undefined ? undefined : factsOf(row);
  };

  function decided(id: string, verdict: Pick<SubmissionFacts, 'status' | 'leg' | 'reason' | 'height'>): void {
    const { leg = null, reason = null, height = null } = verdict;
    decide.run(verdict.status, leg, reason, height, clock.nowMs(), id);
    forget.run();
    const facts = status(id);
    if (facts !== undefined) onChange(facts);
  }

  /** What the ledger says already; a number that is taken may be taken by this very operation. */
  function known(id: string): boolean {
    const record = ledger.ledger.operation(id as OperationId);
    if (record === undefined) return false;
    const { height, code } = record;
    decided(
      id,
      code === 'ok'
        ? { status: 'valid', height }
        : { status: 'invalid', height, leg: 'ledger', reason: code },
    );
    return true;
  }

  async function follow(id: string, transaction: Uint8Array): Promise<void> {
    while (!signal.aborted && !known(id)) {
      try {
        const { height } = await ledger.submit(transaction, signal);
        return decided(id, { status: 'valid', height });
      } catch (error) {
        if (signal.aborted) return;
        const failure = error instanceof NodeError ? error.failure : undefined;
        if (failure?.code === 'node/operation-refused') {
          const { leg, reason } = failure;
          if (!known(id)) decided(id, { status: 'invalid', leg, reason });
          return;
        }
        if (hasCode(error, 'consensus/tx-too-large')) {
          return decided(id, { status: 'invalid', leg: 'ledger', reason: 'too-large' });
        }
        // Not final in time, or no room yet: it is handed in again, until the ledger or its proof's time decides.
        log.debug('submission.again', { id, message: String(error) });
        await wait(clock, againMs, signal);
      }
    }
  }

  function begin(id: string, transaction: Uint8Array): void {
    const running = follow(id, transaction)
      .catch((error: unknown) => log.error('submission.lost', { id, message: String(error) }))
      .finally(() => under.delete(id));
    under.set(id, running);
  }

  for (const row of database.prepare("select id, bytes from submissions where status = 'pending'").all()) {
    begin(String(row['id']), new Uint8Array(row['bytes'] as Uint8Array));
  }

  return {
    status,
    accept(transaction) {
      const decoded = decodeTransaction(transaction);
      if (!decoded.ok) {
        throw new NodeError(
          { code: 'node/bad-flag', flag: 'transaction', next: 'give an operation with its proof' },
          `This is no transaction: ${decoded.reason}`,
        );
      }
      const { id, operation } = decoded;
      const present = status(id);
      // A refusal is of the proof that came with it: the operation may come again with another one.
      if (present !== undefined && present.status !== 'invalid') return present;
      if (under.size >= mostWaiting) {
        throw new NodeError(
          {
            code: 'node/refused',
            by: 'this node',
            reason: `${mostWaiting} operations wait already`,
            next: 'hand it in again when some of them are decided',
          },
          `${mostWaiting} operations wait already`,
        );
      }
      put.run(id, operation.kind, transaction, clock.nowMs());
      const facts = status(id);
      if (facts === undefined) throw new TypeError(`the journal has lost ${id}`);
      onChange(facts);
      begin(id, transaction);
      return facts;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the node stops'));
      await Promise.allSettled(under.values());
    },
  };
}

function factsOf(row: Readonly<Record<string, unknown>>): SubmissionFacts {
  const { id, status, kind, submitted, decided, height, leg, reason } = row;
  return {
    id: String(id),
    status: status as SubmissionFacts['status'],
    kind: String(kind),
    submittedMs: Number(submitted),
    ...(decided === null ? {} : { decidedMs: Number(decided) }),
    ...(height === null ? {} : { height: Number(height) }),
    ...(leg === null ? {} : { leg: String(leg) }),
    ...(reason === null ? {} : { reason: String(reason) }),
  };
}
