import type { Clock } from '@hypermesh/core';

/** How often one client may call: `perSecond` in the long run, `burst` at once. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** Clients that are remembered; the ones that were quiet the longest are forgotten first. */
const MAX_CLIENTS = 16_384;

/** The generic cell rate algorithm (ITU-T I.371), one cell a client: a theoretical arrival time is all it keeps. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #arrivals = new Map<string, number>();

  constructor(limit: RateLimit, clock: Pick<Clock, 'monotonicMs'>) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** How many calls of a client's burst are taken at this moment. */
  used(client: string): number {
    const aheadMs = (this.#arrivals.get(client) ?? 0) - this.#clock.monotonicMs();
    return Math.max(0, Math.ceil((aheadMs * this.#limit.perSecond) / 1000));
  }

  /** Takes one call of a client; answers 0, or after how many milliseconds it would be taken. */
  take(client: string): number {
    const nowMs = this.#clock.monotonicMs();
    const intervalMs = 1000 / this.#limit.perSecond;
    const toleranceMs = intervalMs * (this.#limit.burst - 1);
    const arrivalMs = Math.max(this.#arrivals.get(client) ?? nowMs, nowMs);
    const waitMs = arrivalMs - toleranceMs - nowMs;
    if (waitMs > 1e-6) return waitMs;
    this.#arrivals.delete(client);
    this.#arrivals.set(client, arrivalMs + intervalMs);
    const [oldest] = this.#arrivals.keys();
    if (this.#arrivals.size > MAX_CLIENTS && oldest !== undefined) this.#arrivals.delete(oldest);
    return 0;
  }
}
