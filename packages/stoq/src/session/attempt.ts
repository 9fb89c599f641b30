import type { CarrierConnection } from '../ports.ts';

/** Why a session that is being made is given up. */
export type GiveUpReason = 'timeout' | 'cancelled' | 'closed' | 'crowded-out';

/**
 * A session that is being made. Giving it up ends the wait for it at once, whatever still runs beneath: a carrier that ignores its
 * signal or an authenticator that never answers holds nothing up.
 */
export class Attempt {
  readonly #controller = new AbortController();
  readonly #over = Promise.withResolvers<never>();
  #reason: GiveUpReason | undefined;

  constructor() {
    // Told by `within`; an attempt that nobody waits for any more must not count as unhandled.
    this.#over.promise.catch(() => {});
  }

  /** Why it was given up, undefined while it was not. */
  get reason(): GiveUpReason | undefined {
    return this.#reason;
  }

  /** Aborts when it is given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  giveUp(reason: GiveUpReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller.abort();
    this.#over.reject(new Error(reason));
  }

  /** Hangs up on this connection when the attempt is given up, at once where it is already. */
  own(connection: CarrierConnection): void {
    if (this.#reason !== undefined) connection.close();
    else this.signal.addEventListener('abort', () => connection.close(), { once: true });
  }

  /** `work`, unless the attempt is given up before it is done. */
  within<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([work, this.#over.promise]);
  }
}
