import type { SeriesKind } from './series.ts';

/**
 * The last numbers of many series, one place for each step of the wall clock. A step without a look is a gap; a clock that
 * goes back takes what lies ahead of it away.
 */
export class Ring {
  readonly stepMs: number;
  readonly places: number;
  readonly #slotAt: Float64Array;
  readonly #coveredMs: Float32Array;
  readonly #columns: (Float32Array | undefined)[] = [];
  #last = Number.NEGATIVE_INFINITY;

  constructor(stepMs: number, places: number) {
    this.stepMs = stepMs;
    this.places = places;
    this.#slotAt = new Float64Array(places).fill(Number.NaN);
    this.#coveredMs = new Float32Array(places);
  }

  /** Bytes that it takes. */
  get memoryBytes(): number {
    const columns = this.#columns.reduce((sum, column) => sum + (column?.byteLength ?? 0), 0);
    return columns + this.#slotAt.byteLength + this.#coveredMs.byteLength;
  }

  /** The newest slot: steps since 1970. */
  get last(): number {
    return this.#last;
  }

  has(slot: number): boolean {
    return this.#slotAt[this.#placeOf(slot)] === slot;
  }

  /** Milliseconds that a slot tells of: more than a step where the looks before it were missed, less after a start. */
  coveredMs(slot: number): number {
    return this.has(slot) ? (this.#coveredMs[this.#placeOf(slot)] as number) : 0;
  }

  get(series: number, slot: number): number {
    if (!this.has(slot)) return Number.NaN;
    return this.#columns[series]?.[this.#placeOf(slot)] ?? Number.NaN;
  }

  /** Opens a slot, or goes on with the one that is open: then what it covers adds up. */
  open(slot: number, coveredMs: number): void {
    const coveredBefore = this.coveredMs(slot);
    if (!this.has(slot)) this.replace(slot, coveredMs);
    else {
      this.#coveredMs[this.#placeOf(slot)] = coveredBefore + coveredMs;
      this.#goTo(slot);
    }
  }

  /** Opens a slot without what was in it. */
  replace(slot: number, coveredMs: number): void {
    const place = this.#placeOf(slot);
    this.#slotAt[place] = slot;
    this.#coveredMs[place] = coveredMs;
    for (const column of this.#columns) column?.fill(Number.NaN, place, place + 1);
    this.#goTo(slot);
  }

  /** Takes away what lies after a slot: the clock that said so was wrong. */
  forgetAfter(slot: number): void {
    for (const [place, there] of this.#slotAt.entries()) {
      if (there > slot) this.#slotAt[place] = Number.NaN;
    }
    this.#last = Math.min(this.#last, slot);
  }

  /** Puts a number into the slot that was opened last. */
  put(series: number, kind: SeriesKind, value: number): void {
    if (Number.isNaN(value)) return;
    const place = this.#placeOf(this.#last);
    let column = this.#columns[series];
    if (column === undefined) {
      column = new Float32Array(this.places).fill(Number.NaN);
      this.#columns[series] = column;
    }
    const before = column[place] as number;
    if (Number.isNaN(before) || kind === 'level') column[place] = value;
    else column[place] = kind === 'count' ? before + value : Math.max(before, value);
  }

  #goTo(slot: number): void {
    if (slot < this.#last) this.forgetAfter(slot);
    this.#last = slot;
  }

  #placeOf(slot: number): number {
    return ((slot % this.places) + this.places) % this.places;
  }
}

/** A number for several slots of a ring, from `from` to `to`, both of them among them; NaN where all are gaps. */
export function together(
  ring: Ring,
  series: number,
  kind: SeriesKind,
  { from, to }: { readonly from: number; readonly to: number },
): { readonly value: number; readonly coveredMs: number } {
  let value = Number.NaN;
  let coveredMs = 0;
  let found = 0;
  for (let slot = from; slot <= to; slot += 1) {
    const one = ring.get(series, slot);
    if (Number.isNaN(one)) continue;
    found += 1;
    coveredMs += ring.coveredMs(slot);
    if (Number.isNaN(value)) value = one;
    else value = kind === 'peak' ? Math.max(value, one) : value + one;
  }
  return { value: kind === 'level' ? value / found : value, coveredMs };
}
