import type { Storage } from '../ports.ts';

/** Storage that lives as long as the process: for tests, examples and simulations. */
export function createMemoryStorage(): Storage {
  let records: readonly Uint8Array[] = [];
  let sizeBytes = 0;
  const entries: Uint8Array[] = [];
  let guarded = 0;
  const sizeOf = (list: readonly Uint8Array[]): number =>
    list.reduce((sum, record) => sum + record.length, 0);
  return {
    log: {
      get sizeBytes() {
        return sizeBytes;
      },
      replay: async () => records,
      async append(more) {
        records = [...records, ...more];
        sizeBytes += sizeOf(more);
      },
      async replace(next) {
        records = [...next];
        sizeBytes = sizeOf(next);
      },
    },
    blocks: {
      get height() {
        return entries.length;
      },
      async append(more) {
        entries.push(...more);
      },
      read: async (height) => entries[height - 1],
      sync: async () => {},
    },
    guard: {
      mutedUntil: 0,
      get view() {
        return guarded;
      },
      async raise(view) {
        guarded = Math.max(guarded, view);
      },
    },
  };
}
