import type { NodeId } from '@hypermesh/core';
import type { Claims } from '@hypermesh/executors';
import type { ClaimService } from '../inventory/claims.ts';

/** The machine's claims as executors ask for them: requesters of runs are members, named by NodeId. */
export function runClaims(claims: ClaimService): Claims {
  const asMember = <Ask extends { readonly requester: string }>(ask: Ask) => ({
    ...ask,
    requester: ask.requester as NodeId,
  });
  return {
    reserve: (ask) => claims.reserve(asMember(ask)),
    commit: (claim) => claims.commit(claim),
    release: (claim) => claims.release(claim),
    explain: (ask) => claims.explain(asMember(ask)),
  };
}
