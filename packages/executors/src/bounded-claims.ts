import type { ClaimReason, Claims } from './ports.ts';

/** What all runs together may hold. */
export interface ClaimBounds {
  readonly runs: number;
  readonly memoryBytes: number;
  /** Runs of one requester at once; as many as of all by default. */
  readonly runsEach?: number;
}

/**
 * Claims within fixed bounds, kept in memory: for an embedder without an inventory of assets, or a program that runs
 * what is its own. A reservation holds until it is released.
 */
export function createBoundedClaims({ runs, memoryBytes, runsEach = runs }: ClaimBounds): Claims {
  const held = new Map<string, { readonly requester: string; readonly bytes: number }>();
  let next = 0;

  function reasonsFor(requester: string, bytes: number): ClaimReason[] {
    const sum = [...held.values()].reduce((total, each) => total + each.bytes, 0);
    const own = [...held.values()].filter((each) => each.requester === requester).length;
    const reasons: ClaimReason[] = [];
    const refuse = (kind: string, code: string, rule: string) =>
      reasons.push({ asset: kind, kind, code, rule, remedy: 'wait until a run has ended' });
    if (held.size >= runs) refuse('cpu', 'busy', `at most ${runs} runs at once`);
    else if (own >= runsEach) refuse('cpu', 'busy', `at most ${runsEach} runs of one requester at once`);
    if (sum + bytes > memoryBytes) refuse('memory', 'exhausted', `at most ${memoryBytes} bytes for all runs`);
    return reasons;
  }

  return {
    async reserve({ requester, needs }) {
      const bytes = needs.memoryBytes ?? 0;
      const reasons = reasonsFor(requester, bytes);
      if (reasons.length > 0) return { ok: false, reasons };
      const id = `claim-${next++}`;
      held.set(id, { requester, bytes });
      return { ok: true, claim: { id } };
    },
    async commit(claim) {
      return held.has(claim) ? { ok: true } : { ok: false, reason: 'no such reservation' };
    },
    async release(claim) {
      held.delete(claim);
    },
    explain: ({ requester, needs }) => reasonsFor(requester, needs.memoryBytes ?? 0),
  };
}
