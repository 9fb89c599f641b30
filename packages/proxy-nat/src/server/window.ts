import { windowRequests } from '../wire/layout.ts';

/** What a client's changing requests have already done, so that one that is sent again is answered and not applied. */
export interface Window {
  /** Moves the floor up; what lies below will never be asked for again. */
  raise(floor: number): void;
  /** The answer's data where the request has been applied; `stale` below the floor or too far above it. */
  known(id: number): Uint8Array | 'new' | 'stale';
  /** Keeps the answer of a request that has been applied. */
  keep(id: number, data: Uint8Array): void;
}

/** Makes an empty window. It holds at most `windowRequests` answers of at most 16 bytes. */
export function createWindow(): Window {
  const answers = new Map<number, Uint8Array>();
  let floor = 1;
  return {
    raise(to) {
      if (to <= floor) return;
      floor = to;
      for (const id of answers.keys()) if (id < floor) answers.delete(id);
    },
    known(id) {
      if (id < floor || id >= floor + windowRequests) return 'stale';
      return answers.get(id) ?? 'new';
    },
    keep(id, data) {
      answers.set(id, data);
    },
  };
}
