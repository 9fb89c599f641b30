import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@hypermesh/core';
import { describe, expect, it } from 'vitest';
import { createMemoryState, createValueLedger, takeSnapshot } from '../src/index.ts';
import { openSqliteState } from '../src/sqlite.ts';
import { operate } from './operations.ts';

describe('books in a file', () => {
  it('are the same as in memory, and stand after a restart', () => {
    const memory = createMemoryState();
    operate(createValueLedger(memory), { count: 400, seed: 'file' });
    const root = toHex(takeSnapshot(memory).root);
    const folder = mkdtempSync(join(tmpdir(), 'caesar-'));
    try {
      const path = join(folder, 'books.sqlite');
      {
        using state = openSqliteState(path);
        operate(createValueLedger(state), { count: 400, seed: 'file' });
        expect(toHex(takeSnapshot(state).root)).toBe(root);
      }
      using again = openSqliteState(path);
      expect(toHex(takeSnapshot(again).root)).toBe(root);
      expect(createValueLedger(again).audit()).toMatchObject({ ok: true });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('take all writes of a request or none', () => {
    using state = openSqliteState(':memory:');
    const bad = new Map<string, never>([
      ['a', 1 as never],
      ['b', 1.5 as never],
    ]);
    expect(() => state.apply(bad)).toThrow();
    expect(state.get('a')).toBeUndefined();
  });
});
