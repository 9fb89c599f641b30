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
  /** When the wait that is under way began. */
  #since: number | undefined;
  #stop: () => void;
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
    this.#stop = this.#clock.schedule(this.#stallMs, () => this.#look());
  }

  /** One timer looks after every wait: a wait of its own for each piece of content would cost more than some of its copying. */
  #look(): void {
    const waitedMs = this.#since === undefined ? 0 : this.#clock.monotonicMs() - this.#since;
    this.#isOver = waitedMs >= this.#stallMs;
    if (this.#isOver) this.#controller.abort();
    else this.#stop = this.#clock.schedule(this.#stallMs - waitedMs, () => this.#look());
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the other end took too long. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Waits for `work` of the other end; one wait at a time. */
  async wait<Result>(work: Promise<Result>): Promise<Result> {
    this.#since = this.#clock.monotonicMs();
    try {
      return await work;
    } finally {
      this.#since = undefined;
    }
  }

  /** The same pieces; only the time between asking for one and its coming counts. */
  each<Piece>(pieces: AsyncIterator<Piece, void, undefined>): AsyncIterable<Piece, void, undefined> {
    return { [Symbol.asyncIterator]: () => ({ next: () => this.wait(pieces.next()) }) };
  }

  /** Stops waiting now, as the caller's signal would. */
  giveUp(): void {
    this.#controller.abort();
  }

  /** Lets go of the timer and of the caller's signal. */
  end(): void {
    this.#stop();
    this.#callers?.removeEventListener('abort', this.#onAbort);
  }
}
