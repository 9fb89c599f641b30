import type { Backend, Plan } from './kernel/backend.ts';
import { recoveryRows } from './matrix.ts';

/** How the wanted shards come from the chosen ones. */
export interface Recovery {
  readonly chosen: readonly number[];
  readonly wanted: readonly number[];
  readonly plan: Plan;
}

/** Most entries, and most coefficients over all entries, that are kept; a coefficient takes 32 bytes, or 256 in scalar. */
const MOST_ENTRIES = 1_024;
const MOST_COEFFICIENTS = 65_536;

/** Recoveries by pattern, the ones used last kept: an inverse is found once while a pattern recurs. */
export class RecoveryCache {
  readonly #entries = new Map<string, Recovery>();
  readonly #parityRows: Uint8Array;
  readonly #data: number;
  readonly #backend: Backend;
  #coefficients = 0;

  constructor(parityRows: Uint8Array, data: number, backend: Backend) {
    this.#parityRows = parityRows;
    this.#data = data;
    this.#backend = backend;
  }

  /** The recovery of `wanted` from `chosen`, which are as many as the code has data shards, in ascending order. */
  of(chosen: readonly number[], wanted: readonly number[]): Recovery {
    const key = String.fromCharCode(...chosen, 256, ...wanted);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const rows = recoveryRows(this.#parityRows, this.#data, { chosen, wanted });
    const recovery = { chosen, wanted, plan: this.#backend.plan(rows, this.#data) };
    this.#entries.set(key, recovery);
    this.#coefficients += rows.length;
    for (const [oldest, entry] of this.#entries) {
      const isWithin = this.#entries.size <= MOST_ENTRIES && this.#coefficients <= MOST_COEFFICIENTS;
      if (isWithin || entry === recovery) break;
      this.#entries.delete(oldest);
      this.#coefficients -= entry.wanted.length * this.#data;
    }
    return recovery;
  }

  get size(): number {
    return this.#entries.size;
  }
}
