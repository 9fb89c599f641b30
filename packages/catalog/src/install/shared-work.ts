/** Work that several callers wait for and that is done once. */
export interface SharedWork<T> {
  /**
   * Joins the work that is under way under this name, or starts it. A caller's `signal` lets go of its own waiting; the
   * work itself is aborted when nobody waits any more.
   */
  run(name: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Names of what is under way. */
  names(): readonly string[];
}

interface Running<T> {
  readonly promise: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
}

/** Shares work by name among those who ask for it at the same time. What ended is forgotten. */
export function createSharedWork<T>(): SharedWork<T> {
  const running = new Map<string, Running<T>>();

  function start(name: string, work: (signal: AbortSignal) => Promise<T>): Running<T> {
    const abort = new AbortController();
    const entry: Running<T> = { promise: work(abort.signal), abort, waiting: 0 };
    running.set(name, entry);
    const forget = () => {
      if (running.get(name) === entry) running.delete(name);
    };
    entry.promise.then(forget, forget);
    return entry;
  }

  return {
    names: () => [...running.keys()],
    async run(name, work, signal) {
      signal?.throwIfAborted();
      const known = running.get(name);
      const entry = known === undefined || known.abort.signal.aborted ? start(name, work) : known;
      entry.waiting++;
      let leave = () => {};
      const left = new Promise<never>((_, reject) => {
        leave = () => reject(signal?.reason);
        signal?.addEventListener('abort', leave, { once: true });
      });
      try {
        return await (signal === undefined ? entry.promise : Promise.race([entry.promise, left]));
      } finally {
        signal?.removeEventListener('abort', leave);
        entry.waiting--;
        if (entry.waiting === 0) entry.abort.abort(signal?.reason);
      }
    },
  };
}
