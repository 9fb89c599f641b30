import { describe, expect, it } from 'vitest';
import { createMemoryState, createValueLedger, MOST_AMOUNT, type ValueLedger } from '../src/index.ts';

const entryIn = (result: { readonly ok: boolean }) =>
  expect(result).toMatchObject({ ok: true, repeated: false });
function books(): ValueLedger {
  const ledger = createValueLedger(createMemoryState());
  entryIn(ledger.mint({ id: 'm1', to: 'alice', amount: 1_000n, atMs: 1 }));
  return ledger;
}

describe('requests', () => {
  it('move value and are written down with their postings, place and time', () => {
    const ledger = books();
    const moved = ledger.transfer({ id: 't1', from: 'alice', to: 'bob', amount: 300n, atMs: 5, ref: 'rent' });
    expect(moved).toMatchObject({
      ok: true,
      entry: {
        index: 1,
        id: 't1',
        atMs: 5,
        body: { kind: 'transfer', ref: 'rent', postings: [{ from: 'alice', to: 'bob', amount: 300n }] },
      },
    });
    expect(ledger.balance('alice')).toEqual({ available: 700n, held: 0n });
    expect(ledger.history('bob')).toHaveLength(1);
    expect(ledger.history('alice').map(({ id }) => id)).toEqual(['t1', 'm1']);
    expect([...ledger.accounts()].map(([id]) => id)).toEqual(['alice', 'bob']);
  });

  it('answer the same again under the same id, and refuse an id that said something else', () => {
    const ledger = books();
    const request = { id: 't1', from: 'alice', to: 'bob', amount: 300n, atMs: 5 };
    ledger.transfer(request);
    expect(ledger.transfer({ ...request, atMs: 99 })).toMatchObject({
      ok: true,
      repeated: true,
      entry: { atMs: 5 },
    });
    expect(ledger.transfer({ ...request, amount: 301n })).toEqual({ ok: false, reason: 'id-reused' });
    expect(ledger.mint({ id: 't1', to: 'bob', amount: 300n, atMs: 5 })).toEqual({
      ok: false,
      reason: 'id-reused',
    });
    expect(ledger.balance('bob').available).toBe(300n);
  });

  it('that are refused leave no trace and can be made again', () => {
    const ledger = books();
    const before = ledger.head();
    const request = { id: 't1', from: 'bob', to: 'alice', amount: 5n, atMs: 5 };
    expect(ledger.transfer(request)).toEqual({ ok: false, reason: 'insufficient-funds' });
    expect(ledger.head()).toEqual(before);
    ledger.mint({ id: 'm2', to: 'bob', amount: 5n, atMs: 6 });
    entryIn(ledger.transfer(request));
  });

  it('never let time go back', () => {
    const ledger = books();
    ledger.mint({ id: 'm2', to: 'bob', amount: 5n, atMs: 100 });
    expect(ledger.mint({ id: 'm3', to: 'bob', amount: 5n, atMs: 50 })).toMatchObject({
      entry: { atMs: 100 },
    });
    entryIn(ledger.hold({ id: 'h', from: 'bob', to: 'alice', amount: 1n, expiresMs: 101, atMs: 1 }));
    expect(
      ledger.hold({ id: 'i', from: 'bob', to: 'alice', amount: 1n, expiresMs: 100, atMs: 1 }),
    ).toMatchObject({
      reason: 'expired',
    });
  });

  it('mint at most 2^64 - 1 in all', () => {
    const ledger = books();
    expect(ledger.mint({ id: 'm2', to: 'bob', amount: MOST_AMOUNT, atMs: 1 })).toEqual({
      ok: false,
      reason: 'overflow',
    });
    entryIn(ledger.mint({ id: 'm2', to: 'bob', amount: MOST_AMOUNT - 1_000n, atMs: 1 }));
    entryIn(ledger.transfer({ id: 't', from: 'alice', to: 'bob', amount: 1_000n, atMs: 1 }));
    expect(ledger.balance('bob').available).toBe(MOST_AMOUNT);
    expect(ledger.audit()).toEqual({ ok: true, entries: 3, total: MOST_AMOUNT });
  });

  type Table = [string, (ledger: ValueLedger) => unknown, string][];
  const base = { id: 'x', atMs: 1 };
  it.each<Table[number]>([
    ['an empty id', (l) => l.transfer({ ...base, id: '', from: 'alice', to: 'b', amount: 1n }), 'bad-id'],
    ['an id with a space', (l) => l.mint({ ...base, id: 'a b', to: 'b', amount: 1n }), 'bad-id'],
    ['an id of 129', (l) => l.mint({ ...base, id: 'a'.repeat(129), to: 'b', amount: 1n }), 'bad-id'],
    ['a number as id', (l) => l.mint({ ...base, id: 5 as never, to: 'b', amount: 1n }), 'bad-id'],
    [
      'the issuer as payer',
      (l) => l.transfer({ ...base, from: 'issuer', to: 'b', amount: 1n }),
      'bad-account',
    ],
    [
      'a hold as payee',
      (l) => l.transfer({ ...base, from: 'alice', to: 'hold:h', amount: 1n }),
      'bad-account',
    ],
    ['no account', (l) => l.mint({ ...base, to: undefined as never, amount: 1n }), 'bad-account'],
    ['oneself', (l) => l.transfer({ ...base, from: 'alice', to: 'alice', amount: 1n }), 'same-account'],
    ['nothing', (l) => l.transfer({ ...base, from: 'alice', to: 'b', amount: 0n }), 'bad-amount'],
    ['less than nothing', (l) => l.transfer({ ...base, from: 'alice', to: 'b', amount: -1n }), 'bad-amount'],
    [
      'a number as amount',
      (l) => l.transfer({ ...base, from: 'alice', to: 'b', amount: 1 as never }),
      'bad-amount',
    ],
    ['2^64', (l) => l.mint({ ...base, to: 'b', amount: 2n ** 64n }), 'bad-amount'],
    [
      'a negative hold',
      (l) => l.hold({ ...base, from: 'alice', to: 'b', amount: -1n, expiresMs: 9 }),
      'bad-amount',
    ],
    ['a fraction of time', (l) => l.mint({ ...base, atMs: 1.5, to: 'b', amount: 1n }), 'bad-time'],
    [
      'an endless hold',
      (l) => l.hold({ ...base, from: 'alice', to: 'b', amount: 1n, expiresMs: Infinity }),
      'bad-time',
    ],
    ['a long ref', (l) => l.mint({ ...base, to: 'b', amount: 1n, ref: 'ä'.repeat(129) }), 'bad-ref'],
    ['a lone surrogate', (l) => l.mint({ ...base, to: 'b', amount: 1n, ref: '\ud800' }), 'bad-ref'],
    [
      'a large detail',
      (l) => l.mint({ ...base, to: 'b', amount: 1n, detail: new Uint8Array(2_049) }),
      'bad-detail',
    ],
    ['text as detail', (l) => l.mint({ ...base, to: 'b', amount: 1n, detail: 'x' as never }), 'bad-detail'],
    [
      'too much',
      (l) => l.transfer({ ...base, from: 'alice', to: 'b', amount: 1_001n }),
      'insufficient-funds',
    ],
    [
      'too much of a hold',
      (l) => l.hold({ ...base, from: 'alice', to: 'b', amount: 1_001n, expiresMs: 9 }),
      'insufficient-funds',
    ],
    ['no hold', (l) => l.postHold({ ...base, hold: 'h', amount: 1n }), 'no-hold'],
    ['an object as hold', (l) => l.voidHold({ ...base, hold: {} as never }), 'no-hold'],
  ])('are refused by name: %s', (_, request, reason) => {
    const ledger = books();
    const before = ledger.head();
    expect(request(ledger)).toEqual({ ok: false, reason });
    expect(ledger.head()).toEqual(before);
  });
});

describe('holds', () => {
  const held = () => {
    const ledger = books();
    entryIn(ledger.hold({ id: 'h', from: 'alice', to: 'bob', amount: 400n, expiresMs: 100, atMs: 2 }));
    expect(ledger.balance('alice')).toEqual({ available: 600n, held: 400n });
    return ledger;
  };

  it('are posted in parts and close when nothing is left', () => {
    const ledger = held();
    entryIn(ledger.postHold({ id: 'p1', hold: 'h', amount: 150n, atMs: 3 }));
    expect(ledger.holdOf('h')).toMatchObject({ remaining: 250n, status: 'pending' });
    entryIn(ledger.postHold({ id: 'p2', hold: 'h', amount: 250n, fee: { to: 'pool', amount: 3n }, atMs: 4 }));
    expect(ledger.holdOf('h')).toMatchObject({ remaining: 0n, status: 'posted' });
    expect(ledger.balance('bob').available).toBe(397n);
    expect(ledger.balance('pool').available).toBe(3n);
    expect(ledger.balance('alice')).toEqual({ available: 600n, held: 0n });
    expect(ledger.postHold({ id: 'p3', hold: 'h', amount: 0n, atMs: 5 })).toEqual({
      ok: false,
      reason: 'hold-closed',
    });
    expect(ledger.audit()).toMatchObject({ ok: true, total: 1_000n });
  });

  it('give back the rest when a post closes them, and the same post again changes nothing', () => {
    const ledger = held();
    const post = {
      id: 'p1',
      hold: 'h',
      amount: 150n,
      fee: { to: 'pool', amount: 2n },
      closes: true,
      atMs: 3,
    };
    entryIn(ledger.postHold(post));
    expect(ledger.balance('alice')).toEqual({ available: 850n, held: 0n });
    expect(ledger.postHold(post)).toMatchObject({ ok: true, repeated: true });
    expect(ledger.postHold({ ...post, amount: 151n })).toEqual({ ok: false, reason: 'id-reused' });
    expect(ledger.holdOf('h')).toMatchObject({ returned: 250n });
    expect(ledger.audit()).toMatchObject({ ok: true });
  });

  it('never give more than they have, not after their time, and expire only then', () => {
    const ledger = held();
    expect(ledger.postHold({ id: 'p', hold: 'h', amount: 401n, atMs: 3 })).toEqual({
      ok: false,
      reason: 'over-hold',
    });
    expect(ledger.expireHold({ id: 'e', hold: 'h', atMs: 99 })).toEqual({ ok: false, reason: 'not-expired' });
    expect(ledger.postHold({ id: 'p', hold: 'h', amount: 1n, atMs: 100 })).toEqual({
      ok: false,
      reason: 'expired',
    });
    entryIn(ledger.expireHold({ id: 'e', hold: 'h', atMs: 100 }));
    expect(ledger.expireHold({ id: 'e', hold: 'h', atMs: 100 })).toMatchObject({ ok: true, repeated: true });
    expect(ledger.balance('alice')).toEqual({ available: 1_000n, held: 0n });
    expect(ledger.voidHold({ id: 'v', hold: 'h', atMs: 101 })).toEqual({ ok: false, reason: 'hold-closed' });
  });

  it('are voided at any time, once', () => {
    const ledger = held();
    entryIn(ledger.voidHold({ id: 'v', hold: 'h', atMs: 3 }));
    expect(ledger.voidHold({ id: 'v', hold: 'h', atMs: 9 })).toMatchObject({ ok: true, repeated: true });
    expect(ledger.voidHold({ id: 'w', hold: 'h', atMs: 9 })).toEqual({ ok: false, reason: 'hold-closed' });
    expect([...ledger.holds()]).toMatchObject([{ id: 'h', status: 'voided', returned: 400n }]);
  });
});
