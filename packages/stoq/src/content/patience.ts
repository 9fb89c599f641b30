import type { Clock } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';

const STALL_MS = 60_000;

/** How long one end waits for the other's next bytes: its signal aborts when that is too long, or when the caller's own does. */
export class Patience {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #controller = new AbortController();
  readonly #callers: AbortSignal | undefined;
  readonly #onAbort = () => this.#controller.abort();
  #isOver = false;

  constructor(options: {
    readonly signal?: AbortSignal;
    readonly stallMs?: number;
    readonly clock?: Clock;
  }) {
    this.#clock = options.clock ?? systemClock;
    this.#stallMs = options.stallMs ?? STALL_MS;
    this.#callers = options.signal;
    this.#callers?.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#callers?.aborted) this.#onAbort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the other end took too long. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Waits for `work` of the other end. */
  async wait<Result>(work: Promise<Result>): Promise<Result> {
    const stop = this.#clock.schedule(this.#stallMs, () => {
      this.#isOver = true;
      this.#controller.abort();
    });
    try {
      return await work;
    } finally {
      stop();
    }
  }

  /** The same pieces; only the time between asking for one and its coming counts. */
  async *each<Piece>(pieces: AsyncGenerator<Piece, void, undefined>): AsyncGenerator<Piece, void, undefined> {
    for (;;) {
      const next = await this.wait(pieces.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  /** Lets go of the caller's signal. */
  end(): void {
    this.#callers?.removeEventListener('abort', this.#onAbort);
  }
}
