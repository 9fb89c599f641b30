import type { Clock } from '@hypermesh/core';

/** How often each of many may do something: `burst` times at once, and once more every `refillMs`. */
export interface Allowance {
  /** Whether `who` may now; counts it. */
  take(who: string): boolean;
}

/** Makes an allowance in which everybody starts with a full burst. Holds one entry for each that has used some of it. */
export function createAllowance(
  clock: Clock,
  { burst, refillMs }: { readonly burst: number; readonly refillMs: number },
): Allowance {
  /** When each will have its full burst again. */
  const fullAtMs = new Map<string, number>();
  return {
    take(who) {
      const nowMs = clock.monotonicMs();
      const owedMs = Math.max(nowMs, fullAtMs.get(who) ?? nowMs) + refillMs;
      if (owedMs - nowMs > burst * refillMs) return false;
      fullAtMs.set(who, owedMs);
      return true;
    },
  };
}
