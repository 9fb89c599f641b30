import type { Clock, Metrics } from '@hypermesh/core';
import { BoundedMap } from './bounded-map.ts';
import type { BlockId } from './vote.ts';

/** How long blocks take from their first sight here to their finality. */
export class FinalityTimes {
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #seen = new BoundedMap<BlockId, number>(256);
  lastMs: number | undefined;

  constructor(clock: Clock, metrics: Metrics) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  saw(id: BlockId): void {
    if (!this.#seen.has(id)) this.#seen.set(id, this.#clock.monotonicMs());
  }

  final(ids: readonly BlockId[]): void {
    const nowMs = this.#clock.monotonicMs();
    for (const id of ids) {
      const seenMs = this.#seen.get(id);
      if (seenMs === undefined) continue;
      this.#seen.delete(id);
      this.lastMs = nowMs - seenMs;
      this.#metrics.observe('consensus_finality_seconds', this.lastMs / 1000);
    }
  }
}
