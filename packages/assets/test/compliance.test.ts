import { createMemoryJournal, type DeviceAdapter, type Journal } from '@hypermesh/assets';
import { memoryAdapter } from '@hypermesh/assets/adapters';
import { deviceAdapterCompliance, journalCompliance } from '@hypermesh/assets/testing';
import { expect, test } from 'vitest';

/** The names of the promises that do not hold. */
async function broken(
  cases: readonly { readonly name: string; run(): Promise<void> }[],
): Promise<readonly string[]> {
  const outcomes = await Promise.allSettled(cases.map(({ run }) => run()));
  return cases.flatMap(({ name }, at) => (outcomes[at]?.status === 'rejected' ? [name] : []));
}

const journalWith = (change: (journal: Journal) => Partial<Journal>) =>
  journalCompliance(async () => {
    const store = { records: [] as Uint8Array[] };
    return {
      async open() {
        const journal = createMemoryJournal(store);
        return {
          replay: () => journal.replay(),
          append: (record: Uint8Array) => journal.append(record),
          replace: (record: Uint8Array) => journal.replace(record),
          get sizeBytes() {
            return journal.sizeBytes;
          },
          [Symbol.asyncDispose]: async () => {},
          ...change(journal),
        };
      },
    };
  });

test.each<[string, (journal: Journal) => Partial<Journal>]>([
  ['forgets what it is given', () => ({ append: async () => {} })],
  [
    'writes twice',
    (journal) => ({
      async append(record) {
        await journal.append(record);
        await journal.append(record);
      },
    }),
  ],
  ['cuts records', (journal) => ({ append: (record) => journal.append(record.subarray(0, 1)) })],
  ['reverses them', (journal) => ({ replay: async () => (await journal.replay()).toReversed() })],
  ['keeps what was replaced', (journal) => ({ replace: (record) => journal.append(record) })],
])('a journal that %s is caught', async (_, change) => {
  expect(await broken(journalWith(() => ({})))).toEqual([]);
  expect(await broken(journalWith(change))).not.toEqual([]);
});

const adapterWith = (change: Partial<DeviceAdapter>) =>
  deviceAdapterCompliance(async () => ({ present: { ...memoryAdapter(), ...change } }));

test.each<[string, Partial<DeviceAdapter>]>([
  ['says nothing', { probe: async () => ({ isPresent: true, detail: '', source: 'kernel' }) }],
  ['has a part of a byte', { capacity: async () => 0.5 }],
  ['has nothing', { capacity: async () => 0 }],
  ['is used by more than all', { usage: async () => ({ usedBp: 10_001, used: 1 }) }],
  ['measures once', { benchmark: async () => ({ copyKiBps: { value: 1, spreadBp: 0, runs: 1 } }) }],
  ['cannot be stopped', { benchmark: async () => ({ copyKiBps: { value: 1, spreadBp: 0, runs: 5 } }) }],
])('an adapter that %s is caught', async (_, change) => {
  expect(await broken(adapterWith(change))).not.toEqual([]);
});
