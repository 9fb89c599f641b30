import {
  decodeRecord,
  domainHash,
  encodeRecord,
  equalBytes,
  type Infer,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { createReader, keysOf } from './book.ts';
import { CaesarError } from './errors.ts';
import { createValueLedger } from './ledger.ts';
import { bodyHash, chainHash, type Entry, type EntryBody, emptyChain, entryBody } from './records.ts';
import type { ValueState } from './state.ts';

/** Most entries, accounts and holds of a snapshot. */
const MOST = 10_000_000;

const schema = record({
  v: s.literal(1),
  atMs: s.uint(),
  issued: s.bigint(),
  chain: s.bytes({ length: 32 }),
  accounts: s.array(record({ id: s.text(128), available: s.bigint(), held: s.bigint() }), MOST),
  holds: s.array(
    record({
      id: s.text(128),
      from: s.text(128),
      to: s.text(128),
      amount: s.bigint(),
      remaining: s.bigint(),
      returned: s.bigint(),
      expiresMs: s.uint(),
      status: s.union(s.literal('pending'), s.literal('posted'), s.literal('voided'), s.literal('expired')),
      ref: s.text(256),
    }),
    MOST,
  ),
  /** All ids that were used, in the journal's order: they stay used. */
  ids: s.array(record({ id: s.text(128), atMs: s.uint(), hash: s.bytes({ length: 32 }) }), MOST),
  /** Entries that opened holds which are still pending: what they say is needed. */
  open: s.array(record({ index: s.uint(), body: entryBody }), MOST),
});

/** The state of the books without the journal's text: balances, holds, and every id with its hash. */
export interface Snapshot {
  readonly bytes: Uint8Array;
  /** Hash of the bytes: equal for equal books, however they came about. 32 bytes. */
  readonly root: Uint8Array;
}

/** Writes down the books below a prefix. Cost: all accounts, holds and entries. */
export function takeSnapshot(
  state: ValueState,
  { prefix = 'value/' }: { readonly prefix?: string } = {},
): Snapshot {
  const reader = createReader(state, prefix);
  const head = reader.head();
  const all = <T>(count: number, read: (index: number) => T) =>
    Array.from({ length: count }, (_, at) => read(at));
  const entries = all(head.length, (index) => reader.entry(index) as Entry);
  const isPending = (entry: Entry) =>
    entry.body?.kind === 'hold' && reader.hold(entry.body.hold)?.status === 'pending';
  const bytes = encodeRecord(schema, {
    v: 1,
    atMs: head.atMs,
    issued: head.issued,
    chain: head.hash,
    accounts: all(head.accounts, (index) => {
      const id = reader.accountAt(index);
      return { id, ...reader.balance(id) };
    }),
    holds: all(head.holds, (index) => {
      const hold = reader.hold(reader.holdAt(index));
      if (hold === undefined) throw damaged(`hold-at/${index}`);
      return hold;
    }),
    ids: entries.map(({ id, atMs, hash }) => ({ id, atMs, hash })),
    open: entries.filter(isPending).map(({ index, body }) => ({ index, body: body as EntryBody })),
  });
  return { bytes, root: rootOf(bytes) };
}

export type SnapshotReason =
  /** It is not the canonical bytes of a snapshot. */
  | 'malformed'
  /** Its chain, sums or entries do not agree with each other. */
  | 'inconsistent'
  | 'not-empty';

/**
 * Begins books with a snapshot, from which they go on as those that it was taken of. Whether its root is the right one
 * is for the caller to know. Entries from before have no body. `state` must hold nothing below the prefix.
 */
export function restoreSnapshot(
  state: ValueState,
  bytes: Uint8Array,
  { prefix = 'value/' }: { readonly prefix?: string } = {},
): Verdict<{ root: Uint8Array }, SnapshotReason> {
  const keys = keysOf(prefix);
  if (state.get(keys.head) !== undefined) return { ok: false, reason: 'not-empty' };
  const decoded = decodeRecord(schema, bytes, { maxBytes: 2 ** 31, maxItems: 2 ** 31 - 1 });
  if (!decoded.ok) return { ok: false, reason: 'malformed' };
  const { accounts, holds, ids, open, chain, atMs, issued } = decoded.value;
  if (!isConsistent(decoded.value)) return { ok: false, reason: 'inconsistent' };
  const writes = new Map<string, Parameters<ValueState['set']>[1]>();
  const put = (key: string, value: object | string | number) => writes.set(key, value as never);
  accounts.forEach(({ id, available, held }, index) => {
    put(keys.account(id), { available, held });
    put(keys.accountAt(index), id);
  });
  holds.forEach((hold, index) => {
    put(keys.hold(hold.id), hold);
    put(keys.holdAt(index), hold.id);
  });
  const bodies = new Map(open.map(({ index, body }) => [index, body]));
  ids.forEach(({ id, atMs: entryMs, hash }, index) => {
    const body = bodies.get(index);
    put(keys.entry(index), { index, id, atMs: entryMs, hash, ...(body === undefined ? {} : { body }) });
    put(keys.id(id), index);
  });
  put(keys.head, {
    length: ids.length,
    hash: chain,
    atMs,
    issued,
    accounts: accounts.length,
    holds: holds.length,
  });
  if (state.apply === undefined) for (const [key, value] of writes) state.set(key, value);
  else state.apply(writes);
  return { ok: true, root: rootOf(bytes) };
}

function isConsistent({ accounts, holds, ids, open, chain, issued }: Infer<typeof schema>): boolean {
  let hash = emptyChain;
  ids.forEach(({ id, atMs, hash: own }, index) => {
    hash = chainHash(hash, { index, id, atMs, hash: own });
  });
  if (!equalBytes(hash, chain)) return false;
  if (new Set(ids.map(({ id }) => id)).size !== ids.length) return false;
  if (new Set(accounts.map(({ id }) => id)).size !== accounts.length) return false;
  if (new Set(holds.map(({ id }) => id)).size !== holds.length) return false;
  const isKnown = open.every(({ index, body }) => {
    const entry = ids[index];
    return entry !== undefined && entry.id === body.id && equalBytes(bodyHash(body), entry.hash);
  });
  const held = holds.reduce((sum, { remaining }) => sum + remaining, 0n);
  const sums = accounts.reduce(
    (sum, account) => ({ all: sum.all + account.available + account.held, held: sum.held + account.held }),
    {
      all: 0n,
      held: 0n,
    },
  );
  return isKnown && sums.all === issued && sums.held === held;
}

/**
 * Does what entries say again, in order, on the books below a prefix, which must stand where the first one continues.
 * Each entry's hash and place must come out as it was. Stops at the first that does not.
 */
export function replayEntries(
  state: ValueState,
  entries: Iterable<Entry>,
  { prefix = 'value/' }: { readonly prefix?: string } = {},
): Verdict<{ length: number }, 'entry-differs' | 'no-body'> & { readonly index?: number } {
  const ledger = createValueLedger(state, { prefix });
  for (const entry of entries) {
    const { index, body, atMs } = entry;
    if (body === undefined) return { ok: false, reason: 'no-body', index };
    const done = repeat(ledger, body, atMs);
    const isSame =
      done?.ok && !done.repeated && done.entry.index === index && equalBytes(done.entry.hash, entry.hash);
    if (!isSame) return { ok: false, reason: 'entry-differs', index };
  }
  return { ok: true, length: ledger.head().length };
}

function repeat(ledger: ReturnType<typeof createValueLedger>, body: EntryBody, atMs: number) {
  const { id, ref, detail, postings, hold, closes } = body;
  const request = { id, ref, detail, atMs };
  const [first, second] = postings;
  if (first === undefined) return undefined;
  const { from, to, amount } = first;
  switch (body.kind) {
    case 'mint':
      return ledger.mint({ ...request, to, amount });
    case 'transfer':
      return ledger.transfer({ ...request, from, to, amount });
    case 'hold':
      return ledger.hold({ ...request, from, to: body.for, amount, expiresMs: body.expiresMs });
    case 'post': {
      const hasFee = postings.length === (closes ? 3 : 2) && second !== undefined;
      const fee = hasFee ? { fee: { to: second.to, amount: second.amount } } : {};
      return ledger.postHold({
        ...request,
        hold,
        closes,
        ...fee,
        amount: amount + (hasFee ? second.amount : 0n),
      });
    }
    case 'void':
      return ledger.voidHold({ ...request, hold });
    case 'expire':
      return ledger.expireHold({ ...request, hold });
    default:
      return body.kind satisfies never;
  }
}

function damaged(key: string): CaesarError {
  return new CaesarError({ code: 'caesar/damaged-state', key }, `${key} is damaged`);
}

function rootOf(bytes: Uint8Array): Uint8Array {
  return domainHash('hypermesh/caesar/snapshot/v1', bytes);
}
