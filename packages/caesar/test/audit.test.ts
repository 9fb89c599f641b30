import type { CanonicalValue } from '@hypermesh/core';
import { describe, expect, it } from 'vitest';
import { createMemoryState, createValueLedger } from '../src/index.ts';
import { operate } from './operations.ts';

type Fields = Record<string, CanonicalValue>;

/** Books of 200 operations and a hold that is open. */
function damagedBy(damage: (state: ReturnType<typeof createMemoryState>) => void) {
  const state = createMemoryState();
  const ledger = createValueLedger(state);
  operate(ledger, { count: 200, seed: 'audit' });
  ledger.mint({ id: 'm', to: 'alice', amount: 10n, atMs: 1 });
  ledger.hold({ id: 'open', from: 'alice', to: 'bob', amount: 4n, expiresMs: 1e9, atMs: 1 });
  expect(ledger.audit()).toMatchObject({ ok: true });
  damage(state);
  return ledger.audit();
}

describe('an audit', () => {
  const change = (key: string, fields: Fields) => (state: ReturnType<typeof createMemoryState>) =>
    state.set(key, { ...(state.get(key) as Fields), ...fields });

  it.each<[string, string, (state: ReturnType<typeof createMemoryState>) => void]>([
    ['one unit too much on an account', 'balance-differs', change('value/account/alice', { available: 7n })],
    ['a hold with less', 'hold-differs', change('value/hold/open', { remaining: 3n })],
    ['a closed hold with something left', 'hold-differs', change('value/hold/open', { status: 'voided' })],
    ['more minted than there is', 'not-conserved', change('value/head', { issued: 1n })],
    ['another end of the chain', 'chain-differs', change('value/head', { hash: new Uint8Array(32) })],
    ['an entry that is gone', 'entry-missing', (state) => state.set('value/entry/3', undefined as never)],
    [
      'two entries that changed places',
      'entry-missing',
      (state) => {
        const [a, b] = [state.get('value/entry/3'), state.get('value/entry/4')] as [
          CanonicalValue,
          CanonicalValue,
        ];
        state.set('value/entry/3', b);
        state.set('value/entry/4', a);
      },
    ],
    ['another time of an entry', 'chain-differs', change('value/entry/3', { atMs: 12_345 })],
    [
      'an altered posting',
      'entry-altered',
      (state) => {
        const entry = state.get('value/entry/3') as Fields;
        const body = entry['body'] as Fields;
        const postings = [{ ...((body['postings'] as Fields[])[0] as Fields), amount: 1n }];
        state.set('value/entry/3', { ...entry, body: { ...body, postings } });
      },
    ],
    ['an id that leads elsewhere', 'entry-altered', (state) => state.set('value/id/audit:0', 1)],
  ])('finds %s', (_, reason, damage) => {
    expect(damagedBy(damage)).toMatchObject({ ok: false, reason });
  });
});
