import type { Clock, Metrics } from '@hypermesh/core';
import { AssetsError } from '../errors.ts';
import type { Kinds } from '../kinds/registry.ts';
import type { Journal } from '../ports.ts';
import { type Change, decodeChanges } from './change.ts';
import { apply, type Book, changesFor, emptyBook } from './state.ts';
import { endClaim, type Steps } from './steps.ts';
import { createChangeWriter } from './writer.ts';

/** The book of a node with its journal: changes are decided at once, in turn, and answered for when they are durable. */
export interface Keeper extends AsyncDisposable {
  readonly book: Book;
  /**
   * Runs `decide` on a book without claims that have run out. What it takes is in the book at once, also when it
   * throws; the answer comes when all of it is durable. Rejects with `assets/journal-failed` and `assets/closed`.
   */
  change<T>(decide: (steps: Steps, nowMs: number) => T): Promise<T>;
}

/** Reads a journal and keeps its book from here on. `freed` is told when claims may have ended. */
export async function openKeeper(parts: {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly kinds: Kinds;
  readonly metrics: Metrics;
  readonly freed: () => void;
}): Promise<Keeper> {
  const { journal, clock, kinds, metrics, freed } = parts;
  const book = emptyBook();
  for (const [index, bytes] of (await journal.replay()).entries()) replay(book, kinds, { index, bytes });
  const writer = createChangeWriter(journal, () => changesFor(book));
  let isClosed = false;
  let cancelTimer: () => void = () => undefined;

  function sweep(steps: Steps, nowMs: number): void {
    for (const claim of [...book.claims.values()])
      if (claim.expiresAtMs <= nowMs) endClaim(steps, book, claim, 'expired', nowMs);
  }

  function schedule(): void {
    cancelTimer();
    cancelTimer = () => undefined;
    if (isClosed || book.claims.size === 0) return;
    let next = Number.POSITIVE_INFINITY;
    for (const { expiresAtMs } of book.claims.values()) next = Math.min(next, expiresAtMs);
    cancelTimer = clock.schedule(Math.max(0, next - clock.nowMs()), () => {
      // A journal that fails shows in the next call; nothing is freed that is not written down.
      keeper.change(() => undefined).catch(() => undefined);
    });
  }

  const keeper: Keeper = {
    book,
    async change(decide) {
      if (isClosed) throw new AssetsError({ code: 'assets/closed' }, 'The assets of this node are closed');
      writer.check();
      const changes: Change[] = [];
      const steps: Steps = {
        changes,
        take(change) {
          const fault = apply(book, change, kinds);
          if (fault !== undefined) throw new TypeError(`a change that does not follow: ${fault}`);
          changes.push(change);
        },
      };
      const nowMs = clock.nowMs();
      let durable: Promise<void>;
      let answer: ReturnType<typeof decide>;
      try {
        sweep(steps, nowMs);
        answer = decide(steps, nowMs);
      } finally {
        durable = writer.write(changes);
        durable.catch(() => undefined);
        schedule();
        for (const change of changes)
          if (change.t === 'end') metrics.count('assets_claims_ended_total', 1, { how: change.how });
        if (changes.some(({ t }) => t === 'end' || t === 'policy' || t === 'event')) freed();
      }
      await durable;
      return answer;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      cancelTimer();
      // Those who wait hear that nothing comes any more.
      freed();
      await writer.settled().catch(() => undefined);
      await journal[Symbol.asyncDispose]();
    },
  };
  await keeper.change(() => undefined);
  return keeper;
}

function replay(
  book: Book,
  kinds: Kinds,
  { index, bytes }: { readonly index: number; readonly bytes: Uint8Array },
): void {
  const decoded = decodeChanges(bytes);
  const fault = decoded.ok
    ? decoded.changes.map((change) => apply(book, change, kinds)).find((found) => found !== undefined)
    : decoded.reason;
  if (fault === undefined) return;
  throw new AssetsError(
    { code: 'assets/journal-corrupt', file: 'journal', offset: index, reason: fault },
    `Record ${index} of the journal does not follow from those before it: ${fault}`,
  );
}
