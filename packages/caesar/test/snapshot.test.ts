import { toHex } from '@hypermesh/core';
import { describe, expect, it } from 'vitest';
import {
  createMemoryState,
  createValueLedger,
  type Entry,
  replayEntries,
  restoreSnapshot,
  takeSnapshot,
} from '../src/index.ts';
import { operate } from './operations.ts';

function booksOf(count: number) {
  const state = createMemoryState();
  const ledger = createValueLedger(state);
  operate(ledger, { count, seed: 'snapshot' });
  const entries = Array.from({ length: ledger.head().length }, (_, index) => ledger.entry(index) as Entry);
  return { state, ledger, entries, root: toHex(takeSnapshot(state).root) };
}

describe('replay', () => {
  it('of all entries gives the same root', () => {
    const { entries, root } = booksOf(3_000);
    const state = createMemoryState();
    expect(replayEntries(state, entries)).toEqual({ ok: true, length: entries.length });
    expect(toHex(takeSnapshot(state).root)).toBe(root);
  });

  it('stops at an entry that says something else, is missing or out of place', () => {
    const { entries } = booksOf(300);
    const body = entries[40]?.body as NonNullable<Entry['body']>;
    const altered = entries.with(40, { ...(entries[40] as Entry), body: { ...body, ref: 'other' } });
    expect(replayEntries(createMemoryState(), altered)).toEqual({
      ok: false,
      reason: 'entry-differs',
      index: 40,
    });
    expect(replayEntries(createMemoryState(), entries.toSpliced(40, 1))).toMatchObject({
      reason: 'entry-differs',
    });
    const { body: _, ...bare } = entries[40] as Entry;
    expect(replayEntries(createMemoryState(), entries.with(40, bare))).toEqual({
      ok: false,
      reason: 'no-body',
      index: 40,
    });
  });
});

describe('a snapshot', () => {
  it('is where books go on: snapshot, then the entries since, gives the root of the whole', () => {
    const whole = booksOf(2_000);
    const state = createMemoryState();
    const part = createValueLedger(state);
    const middle = Math.floor(whole.entries.length / 2);
    replayEntries(state, whole.entries.slice(0, middle));
    expect(part.head().length).toBe(middle);
    const restored = createMemoryState();
    expect(restoreSnapshot(restored, takeSnapshot(state).bytes)).toMatchObject({ ok: true });
    expect(replayEntries(restored, whole.entries.slice(middle))).toMatchObject({ ok: true });
    expect(toHex(takeSnapshot(restored).root)).toBe(whole.root);
    expect(createValueLedger(restored).audit()).toMatchObject({ ok: true });
  });

  it('keeps all ids used: the same request is known again, another under its id refused', () => {
    const { state } = booksOf(10);
    const before = createValueLedger(state);
    before.mint({ id: 'm', to: 'alice', amount: 9n, atMs: 50 });
    before.hold({ id: 'h', from: 'alice', to: 'bob', amount: 5n, expiresMs: 900, atMs: 50 });
    const post = { id: 'p', hold: 'h', amount: 2n, closes: true, atMs: 60 };
    before.postHold(post);
    const restored = createMemoryState();
    restoreSnapshot(restored, takeSnapshot(state).bytes);
    const ledger = createValueLedger(restored);
    expect(ledger.entryOf('m')?.body).toBeUndefined();
    expect(ledger.mint({ id: 'm', to: 'alice', amount: 9n, atMs: 99 })).toMatchObject({
      ok: true,
      repeated: true,
    });
    expect(ledger.mint({ id: 'm', to: 'alice', amount: 8n, atMs: 99 })).toEqual({
      ok: false,
      reason: 'id-reused',
    });
    expect(ledger.postHold(post)).toMatchObject({ ok: true, repeated: true });
  });

  it('is refused where its sums, its chain or its form are wrong, and over books that are there', () => {
    const { state } = booksOf(50);
    const { bytes } = takeSnapshot(state);
    expect(restoreSnapshot(state, bytes)).toEqual({ ok: false, reason: 'not-empty' });
    expect(restoreSnapshot(createMemoryState(), bytes.subarray(1))).toEqual({
      ok: false,
      reason: 'malformed',
    });
    let refused = 0;
    for (let at = 0; at < bytes.length; at += 7) {
      const altered = Uint8Array.from(bytes);
      altered[at] = (altered[at] as number) ^ 1;
      const fresh = createMemoryState();
      const verdict = restoreSnapshot(fresh, altered);
      if (verdict.ok) expect(toHex(verdict.root)).not.toBe(toHex(takeSnapshot(state).root));
      else refused++;
    }
    expect(refused).toBeGreaterThan(bytes.length / 14);
  });
});
