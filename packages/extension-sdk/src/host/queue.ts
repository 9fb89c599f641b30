/** Lets one pass at a time, in order; who gives up waiting leaves no trace. */
export class Turnstile {
  #tail: Promise<void> = Promise.resolve();

  /** Runs `task` when all before it have ended, unless the signal is aborted by then. */
  async pass<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = before.then(() => promise);
    try {
      await unless(before, signal);
      signal.throwIfAborted();
      return await task();
    } finally {
      resolve();
    }
  }
}

function unless(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}

/** Holds callers back while closed, and tells when the last one inside has left. */
export class Gate {
  #closed: PromiseWithResolvers<void> | undefined;
  #inside = 0;
  #empty: (() => void)[] = [];

  get inside(): number {
    return this.#inside;
  }

  /** Resolves inside; `leave` must follow. */
  async enter(signal: AbortSignal): Promise<void> {
    while (this.#closed !== undefined) await unless(this.#closed.promise, signal);
    this.#inside++;
  }

  leave(): void {
    this.#inside--;
    if (this.#inside === 0) for (const tell of this.#empty.splice(0)) tell();
  }

  /** Lets nobody in until `open`; resolves when all have left. */
  async close(): Promise<void> {
    while (this.#closed !== undefined) await this.#closed.promise;
    this.#closed = Promise.withResolvers();
    if (this.#inside > 0) await new Promise<void>((resolve) => this.#empty.push(resolve));
  }

  open(): void {
    const closed = this.#closed;
    this.#closed = undefined;
    closed?.resolve();
  }
}
