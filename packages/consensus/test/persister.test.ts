import { describe, expect, it } from 'vitest';
import { createPersister } from '../src/engine/persister.ts';
import { createMemoryStorage } from '../src/storage/memory.ts';

describe('the persister', () => {
  it('takes up what comes in the very turn in which it has written all there was', async () => {
    const durable: unknown[] = [];
    const persister = createPersister(createMemoryStorage(), 1, {
      durable: (tokens) => durable.push(...tokens),
      failed: (error) => {
        throw error;
      },
      compaction: async () => undefined,
    });
    for (let token = 1; token <= 50; token += 1) {
      persister.push({ records: [], token });
      await persister.durable();
      for (let turn = 0; turn < token % 9; turn += 1) await undefined;
    }
    expect(durable).toHaveLength(50);
  });
});
