const WINDOW = 4096n;

/**
 * Which stream numbers of the other end have been used: each is taken once. Streams may arrive out of order; a number that lies
 * 4096 or more below the highest counts as used, so memory is bounded.
 */
export class StreamNumbers {
  readonly #used = new Set<bigint>();
  #highest = 0n;

  /** Whether `number` was free; it is used from now on. Numbers start at 1: 0 is the control stream. */
  take(number: bigint): boolean {
    if (number < 1n || number + WINDOW <= this.#highest || this.#used.has(number)) return false;
    this.#used.add(number);
    if (number > this.#highest) {
      // Nothing below the window needs remembering: it counts as used anyway.
      if (number - this.#highest > WINDOW) this.#forgetBelow(number);
      else for (let old = this.#highest - WINDOW; old <= number - WINDOW; old += 1n) this.#used.delete(old);
      this.#highest = number;
    }
    return true;
  }

  #forgetBelow(number: bigint): void {
    for (const used of this.#used) if (used + WINDOW <= number) this.#used.delete(used);
  }
}
