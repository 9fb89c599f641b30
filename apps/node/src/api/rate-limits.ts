import type { Clock } from '@hypermesh/core';

/** How often something may happen: so many a second, and so many at once after a rest. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Counts what callers take, each from a bucket of their own. */
export interface RateLimits {
  /** Takes `cost` from a caller's bucket; answers how long to wait, milliseconds, where there is not enough in it, else 0. */
  take(caller: string, rate: Rate, cost?: number): number;
}

/** Buckets by caller, of which there are few: tokens and doors, never what a stranger can name. */
export function createRateLimits(clock: Clock): RateLimits {
  const buckets = new Map<string, { left: number; atMs: number }>();
  return {
    take(caller, { perSecond, burst }, cost = 1) {
      const nowMs = clock.monotonicMs();
      const bucket = buckets.get(caller) ?? { left: burst, atMs: nowMs };
      buckets.set(caller, bucket);
      bucket.left = Math.min(burst, bucket.left + ((nowMs - bucket.atMs) * perSecond) / 1000);
      bucket.atMs = nowMs;
      if (bucket.left < cost) return Math.max(1, Math.ceil(((cost - bucket.left) * 1000) / perSecond));
      bucket.left -= cost;
      return 0;
    },
  };
}
