import type { Metrics } from '@hypermesh/core';
import type { ClaimAnswer, ClaimDesk } from './desk.ts';

/** A desk whose answers are counted: claims by what was answered first, leases by whether they were given. */
export function countedDesk(desk: ClaimDesk, metrics: Metrics): ClaimDesk {
  const counted = (name: string, answered: Promise<ClaimAnswer>): Promise<ClaimAnswer> => {
    // Beside the answer, which comes to its caller when it always did; what rejects is its caller's to see.
    answered.then(
      (answer) => {
        const outcome = answer.ok ? 'granted' : (answer.rejections[0]?.code ?? 'refused');
        metrics.count(name, 1, { outcome });
      },
      () => undefined,
    );
    return answered;
  };
  return {
    ...desk,
    reserve: (...given) => counted('assets_claims_total', desk.reserve(...given)),
    reserveWhenFree: (...given) => counted('assets_claims_total', desk.reserveWhenFree(...given)),
    commit: (...given) => counted('assets_commits_total', desk.commit(...given)),
  };
}
