import type { Metrics } from '@hypermesh/core';
import type { ClaimAnswer, ClaimDesk } from './desk.ts';

/** A desk whose answers are counted: claims by what was answered first, leases by whether they were given. */
export function countedDesk(desk: ClaimDesk, metrics: Metrics): ClaimDesk {
  const counted = (name: string) => (answer: ClaimAnswer) => {
    const outcome = answer.ok ? 'granted' : (answer.rejections[0]?.code ?? 'refused');
    metrics.count(name, 1, { outcome });
    return answer;
  };
  const claim = counted('assets_claims_total');
  const lease = counted('assets_leases_total');
  return {
    ...desk,
    reserve: async (...given) => claim(await desk.reserve(...given)),
    reserveWhenFree: async (...given) => claim(await desk.reserveWhenFree(...given)),
    commit: async (...given) => lease(await desk.commit(...given)),
  };
}
