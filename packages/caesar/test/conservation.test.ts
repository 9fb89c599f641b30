import { describe, expect, it } from 'vitest';
import { createMemoryState, createValueLedger, takeSnapshot } from '../src/index.ts';
import { operate } from './operations.ts';

const seeds = Array.from({ length: 10 }, (_, at) => `conservation-${at}`);

describe('conservation', () => {
  it('is exact over 1,000,000 random operations: accounts and holds together have what was minted, to the unit [caesar-01]', () => {
    let operations = 0;
    for (const seed of seeds) {
      const ledger = createValueLedger(createMemoryState());
      const outcome = operate(ledger, { count: 100_000, seed });
      expect(outcome.refused).toBeGreaterThan(5_000);
      expect(outcome.repeated).toBeGreaterThan(5_000);
      expect(ledger.head().length).toBe(outcome.done);
      let total = 0n;
      for (const [, { available, held }] of ledger.accounts()) total += available + held;
      expect(total).toBe(ledger.head().issued);
      // Recomputing everything from the journal costs as much again: once is enough here.
      if (seed === seeds[0])
        expect(ledger.audit()).toEqual({ ok: true, entries: outcome.done, total: ledger.head().issued });
      operations += outcome.done + outcome.refused;
    }
    expect(operations).toBe(1_000_000);
  }, 240_000);

  it('gives the same books, byte for byte, from the same operations', () => {
    const roots = [1, 2].map(() => {
      const state = createMemoryState();
      operate(createValueLedger(state), { count: 3_000, seed: 'twice' });
      return Buffer.from(takeSnapshot(state).root).toString('hex');
    });
    expect(roots[0]).toBe(roots[1]);
  });
});
