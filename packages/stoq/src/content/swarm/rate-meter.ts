/** Shorter than this, arrivals say more about buffers than about a rate. */
const SAMPLE_MS = 50;
const NEW_PART = 0.4;

/** How fast one provider sends while it owes something. */
export class RateMeter {
  #rate: number | undefined;
  #sampleBytes = 0;
  #sampleSinceMs: number | undefined;
  #lastMs: number | undefined;

  /** Bytes a millisecond, the newer the more they count; undefined before the first sample is whole. */
  get rate(): number | undefined {
    return this.#rate;
  }

  /** It owes something from now on. */
  begin(nowMs: number): void {
    this.#sampleSinceMs = nowMs;
    this.#lastMs = nowMs;
    this.#sampleBytes = 0;
  }

  count(bytes: number, nowMs: number): void {
    this.#lastMs = nowMs;
    this.#sampleBytes += bytes;
    if (nowMs - (this.#sampleSinceMs ?? nowMs) >= SAMPLE_MS) this.#sample(nowMs);
  }

  /** It owes nothing any more: time from here on says nothing. */
  rest(nowMs: number): void {
    if (this.#rate === undefined && this.#sampleBytes > 0) this.#sample(nowMs);
    this.#sampleSinceMs = undefined;
    this.#lastMs = undefined;
  }

  /** How long it has owed something and sent nothing. */
  silentMs(nowMs: number): number {
    return this.#lastMs === undefined ? 0 : nowMs - this.#lastMs;
  }

  #sample(nowMs: number): void {
    const rate = this.#sampleBytes / Math.max(1, nowMs - (this.#sampleSinceMs ?? nowMs));
    this.#rate = this.#rate === undefined ? rate : (1 - NEW_PART) * this.#rate + NEW_PART * rate;
    this.#sampleBytes = 0;
    this.#sampleSinceMs = nowMs;
  }
}
