import type { Journal } from '../ports.ts';

/** What a memory journal holds, so that it can be opened again as after a crash. */
export interface MemoryJournalStore {
  records: Uint8Array[];
}

/** A journal that lives as long as its store: for tests and for programs that keep nothing. */
export function createMemoryJournal(store: MemoryJournalStore = { records: [] }): Journal {
  return {
    replay: async () => [...store.records],
    async append(record) {
      store.records.push(record);
    },
    async replace(record) {
      store.records = [record];
    },
    get sizeBytes() {
      return store.records.reduce((sum, { length }) => sum + length, 0);
    },
    async [Symbol.asyncDispose]() {},
  };
}
