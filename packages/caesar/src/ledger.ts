import { equalBytes, isBytes, utf8 } from '@hypermesh/core';
import { type Audit, auditBooks } from './audit.ts';
import { createReader, Draft } from './book.ts';
import { CaesarError } from './errors.ts';
import { holdAccount, ISSUER, isAccount, isAmount, isId, isTime, MOST_AMOUNT } from './limits.ts';
import {
  type Balance,
  bodyHash,
  type Entry,
  type EntryBody,
  type Head,
  type Hold,
  type Posting,
} from './records.ts';
import type { ValueState } from './state.ts';

/** Why the books refuse a request. Nothing was changed. */
export type RefusalReason =
  | 'bad-id'
  | 'bad-account'
  | 'bad-amount'
  | 'bad-time'
  | 'bad-ref'
  | 'bad-detail'
  | 'same-account'
  /** The id stands for a request that said something else. */
  | 'id-reused'
  /** More than 2^64 - 1 would have been minted. */
  | 'overflow'
  | 'insufficient-funds'
  | 'no-hold'
  | 'hold-closed'
  /** More than the hold has left. */
  | 'over-hold'
  /** The hold's time is over: it can only expire. */
  | 'expired'
  | 'not-expired';

/** What came of a request; `repeated` where the same was done before under this id, upon which nothing changed. */
export type Posted =
  | { readonly ok: true; readonly entry: Entry; readonly repeated: boolean }
  | { readonly ok: false; readonly reason: RefusalReason };

/** What all requests have: an id of the caller's, unique in these books, and the ledger's time. */
export interface Request {
  readonly id: string;
  /** Unix milliseconds. An earlier time than the last entry's counts as that one. */
  readonly atMs: number;
  /** At most 256 bytes of UTF-8, kept with the entry. */
  readonly ref?: string;
  /** At most 2,048 bytes, kept with the entry. */
  readonly detail?: Uint8Array;
}

/** Moves `amount` out of a hold: to whom the hold is for, less `fee`, which goes to another account. */
export interface PostRequest extends Request {
  readonly hold: string;
  readonly amount: bigint;
  readonly fee?: { readonly to: string; readonly amount: bigint };
  /** Whether what remains goes back at once; a hold without remainder is closed anyway. */
  readonly closes?: boolean;
}

/**
 * Double-entry books: amounts are whole base units, entries never change, and what all accounts and holds have is
 * what was minted. Requests are atomic and idempotent by id; one that is refused leaves no trace, and may be made again.
 * Deterministic, without clock or I/O of its own. Who may ask for what is for the caller to decide.
 */
export interface ValueLedger {
  /** New value on an account. */
  mint(request: Request & { readonly to: string; readonly amount: bigint }): Posted;
  transfer(
    request: Request & { readonly from: string; readonly to: string; readonly amount: bigint },
  ): Posted;
  /** Puts value aside under the request's id, until it is posted, voided, or its time is over. */
  hold(
    request: Request & {
      readonly from: string;
      readonly to: string;
      readonly amount: bigint;
      /** Ledger time from which it can only expire. */
      readonly expiresMs: number;
    },
  ): Posted;
  postHold(request: PostRequest): Posted;
  /** Gives back what remains of a hold. */
  voidHold(request: Request & { readonly hold: string }): Posted;
  /** Gives back what remains of a hold whose time is over. */
  expireHold(request: Request & { readonly hold: string }): Posted;
  balance(account: string): Balance;
  holdOf(id: string): Hold | undefined;
  /** The entry at a place, from 0. */
  entry(index: number): Entry | undefined;
  entryOf(id: string): Entry | undefined;
  /** Entries that moved value of an account, newest first, at most `limit` (default 100). Reads back to front. */
  history(account: string, limit?: number): Entry[];
  head(): Head;
  accounts(): IterableIterator<readonly [string, Balance]>;
  holds(): IterableIterator<Hold>;
  /** Recomputes everything from the journal. Cost: all entries. */
  audit(): Audit;
}

/** The books below `prefix` in `state`, new or as they stand there. */
export function createValueLedger(
  state: ValueState,
  { prefix = 'value/' }: { readonly prefix?: string } = {},
): ValueLedger {
  if (typeof prefix !== 'string' || prefix.length > 64)
    throw new CaesarError(
      { code: 'caesar/bad-argument', argument: 'prefix', expected: 'text of at most 64 characters' },
      'prefix must be text of at most 64 characters',
    );
  const reader = createReader(state, prefix);

  const timeOf = ({ atMs }: Request) => Math.max(atMs, reader.head().atMs);

  /** Answers a request that was done before; undefined where the id is new. */
  function earlier(body: EntryBody): Posted | undefined {
    const entry = reader.entryOf(body.id);
    if (entry === undefined) return undefined;
    if (!equalBytes(entry.hash, bodyHash(body))) return refuse('id-reused');
    return { ok: true, entry, repeated: true };
  }

  function closeHold(request: Request & { readonly hold: string }, kind: 'void' | 'expire'): Posted {
    const fault = requestFault(request);
    if (fault !== undefined) return refuse(fault);
    const hold = isId(request.hold) ? reader.hold(request.hold) : undefined;
    if (hold === undefined) return refuse('no-hold');
    const amount = hold.status === 'pending' ? hold.remaining : hold.returned;
    const postings = [{ from: holdAccount(hold.id), to: hold.from, amount }];
    const body = bodyOf(kind, request, { postings, hold: hold.id, closes: true });
    const repeated = earlier(body);
    if (repeated !== undefined) return repeated;
    if (hold.status !== 'pending') return refuse('hold-closed');
    if (kind === 'expire' && timeOf(request) < hold.expiresMs) return refuse('not-expired');
    const draft = new Draft(state, prefix);
    draft.change(hold.from, { available: hold.remaining, held: -hold.remaining });
    const status = kind === 'void' ? 'voided' : 'expired';
    draft.putHold({ ...hold, remaining: 0n, returned: hold.remaining, status });
    return done(draft.commit(body, request.atMs));
  }

  const ledger: ValueLedger = {
    mint(request) {
      const { to, amount, atMs } = request;
      const fault = requestFault(request);
      if (fault !== undefined) return refuse(fault);
      if (!isAccount(to)) return refuse('bad-account');
      if (!isAmount(amount, 1n)) return refuse('bad-amount');
      const body = bodyOf('mint', request, { postings: [{ from: ISSUER, to, amount }] });
      const repeated = earlier(body);
      if (repeated !== undefined) return repeated;
      if (reader.head().issued + amount > MOST_AMOUNT) return refuse('overflow');
      const draft = new Draft(state, prefix);
      draft.issue(amount);
      draft.change(to, { available: amount });
      return done(draft.commit(body, atMs));
    },

    transfer(request) {
      const { from, to, amount, atMs } = request;
      const fault = requestFault(request);
      if (fault !== undefined) return refuse(fault);
      if (!isAccount(from) || !isAccount(to)) return refuse('bad-account');
      if (from === to) return refuse('same-account');
      if (!isAmount(amount, 1n)) return refuse('bad-amount');
      const body = bodyOf('transfer', request, { postings: [{ from, to, amount }] });
      const repeated = earlier(body);
      if (repeated !== undefined) return repeated;
      if (reader.balance(from).available < amount) return refuse('insufficient-funds');
      const draft = new Draft(state, prefix);
      draft.change(from, { available: -amount });
      draft.change(to, { available: amount });
      return done(draft.commit(body, atMs));
    },

    hold(request) {
      const { id, from, to, amount, expiresMs, atMs, ref = '' } = request;
      const fault = requestFault(request);
      if (fault !== undefined) return refuse(fault);
      if (!isAccount(from) || !isAccount(to)) return refuse('bad-account');
      if (!isAmount(amount, 0n)) return refuse('bad-amount');
      if (!isTime(expiresMs)) return refuse('bad-time');
      const postings = [{ from, to: holdAccount(id), amount }];
      const body = bodyOf('hold', request, { postings, hold: id, for: to, expiresMs });
      const repeated = earlier(body);
      if (repeated !== undefined) return repeated;
      if (expiresMs <= timeOf(request)) return refuse('expired');
      if (reader.balance(from).available < amount) return refuse('insufficient-funds');
      const draft = new Draft(state, prefix);
      draft.change(from, { available: -amount, held: amount });
      draft.putHold({
        id,
        from,
        to,
        amount,
        remaining: amount,
        returned: 0n,
        expiresMs,
        status: 'pending',
        ref,
      });
      return done(draft.commit(body, atMs));
    },

    postHold(request) {
      const { amount, fee, closes = false, atMs } = request;
      const fault = requestFault(request);
      if (fault !== undefined) return refuse(fault);
      const hold = isId(request.hold) ? reader.hold(request.hold) : undefined;
      if (hold === undefined) return refuse('no-hold');
      if (!isAmount(amount, 0n)) return refuse('bad-amount');
      if (fee !== undefined && !isAccount(fee.to)) return refuse('bad-account');
      if (fee !== undefined && (!isAmount(fee.amount, 0n) || fee.amount > amount))
        return refuse('bad-amount');
      const from = holdAccount(hold.id);
      const postings: Posting[] = [{ from, to: hold.to, amount: amount - (fee?.amount ?? 0n) }];
      if (fee !== undefined) postings.push({ from, to: fee.to, amount: fee.amount });
      const rest = hold.remaining - amount;
      // What a repeated request is compared with is what went back then.
      const back = hold.status === 'pending' ? rest : hold.returned;
      if (closes) postings.push({ from, to: hold.from, amount: back < 0n ? 0n : back });
      const body = bodyOf('post', request, { postings, hold: hold.id, closes });
      const repeated = earlier(body);
      if (repeated !== undefined) return repeated;
      if (hold.status !== 'pending') return refuse('hold-closed');
      if (timeOf(request) >= hold.expiresMs) return refuse('expired');
      if (rest < 0n) return refuse('over-hold');
      const draft = new Draft(state, prefix);
      draft.change(hold.from, { available: closes ? rest : 0n, held: -(closes ? hold.remaining : amount) });
      draft.change(hold.to, { available: amount - (fee?.amount ?? 0n) });
      if (fee !== undefined) draft.change(fee.to, { available: fee.amount });
      const isClosed = closes || rest === 0n;
      draft.putHold({
        ...hold,
        remaining: isClosed ? 0n : rest,
        returned: isClosed ? rest : 0n,
        status: isClosed ? 'posted' : 'pending',
      });
      return done(draft.commit(body, atMs));
    },

    voidHold: (request) => closeHold(request, 'void'),
    expireHold: (request) => closeHold(request, 'expire'),
    balance: (account) => reader.balance(account),
    holdOf: (id) => reader.hold(id),
    entry: (index) => reader.entry(index),
    entryOf: (id) => reader.entryOf(id),
    history(account, limit = 100) {
      const found: Entry[] = [];
      for (let index = reader.head().length - 1; index >= 0 && found.length < limit; index--) {
        const entry = reader.entry(index);
        if (entry?.body?.postings.some(({ from, to }) => from === account || to === account))
          found.push(entry);
      }
      return found;
    },
    head: () => reader.head(),
    *accounts() {
      const { accounts } = reader.head();
      for (let index = 0; index < accounts; index++) {
        const account = reader.accountAt(index);
        yield [account, reader.balance(account)] as const;
      }
    },
    *holds() {
      const { holds } = reader.head();
      for (let index = 0; index < holds; index++) yield reader.hold(reader.holdAt(index)) as Hold;
    },
    audit: () => auditBooks(reader),
  };
  return ledger;
}

function done(entry: Entry): Posted {
  return { ok: true, entry, repeated: false };
}

function refuse(reason: RefusalReason): Posted {
  return { ok: false, reason };
}

function requestFault({ id, atMs, ref = '', detail }: Request): RefusalReason | undefined {
  if (!isId(id)) return 'bad-id';
  if (!isTime(atMs)) return 'bad-time';
  if (typeof ref !== 'string' || !ref.isWellFormed() || ref.length > 256 || utf8(ref).length > 256)
    return 'bad-ref';
  if (detail !== undefined && !(isBytes(detail) && detail.length <= 2_048)) return 'bad-detail';
  return undefined;
}

function bodyOf(
  kind: EntryBody['kind'],
  { id, ref = '', detail = new Uint8Array() }: Request,
  rest: Pick<EntryBody, 'postings'> & Partial<EntryBody>,
): EntryBody {
  return { v: 1, kind, id, ref, hold: '', for: '', expiresMs: 0, closes: false, detail, ...rest };
}
