import type { AssetId } from '@hypermesh/core';
import type { Claim, ClaimEnd } from '../claims/claim.ts';
import { createEvent } from '../lifecycle/event.ts';
import { type AssetState, type AuthorRole, stateTable, type TransitionName } from '../lifecycle/table.ts';
import type { Change } from './change.ts';
import type { Book, Entry } from './state.ts';

/** Takes each change into the book as it is made, and remembers it for the journal. */
export interface Steps {
  readonly changes: readonly Change[];
  take(change: Change): void;
}

/** An event of one asset, by the table. Throws `assets/forbidden-transition`. */
export function step(
  steps: Steps,
  entry: Entry,
  event: {
    readonly transition: string;
    readonly by: AuthorRole;
    readonly author: string;
    readonly atMs: number;
  },
): void {
  steps.take({ t: 'event', event: createEvent(entry.asset.id, entry.head, event) });
}

const leaseStates: readonly AssetState[] = ['available', 'allocated', 'active'];

/** Brings the state of an asset in line with the claims on it, where leases are what it is about. */
export function followClaims(
  steps: Steps,
  book: Book,
  entry: Entry,
  why: { readonly claim: string; readonly end?: ClaimEnd; readonly atMs: number },
): void {
  const states = [...entry.claims].map((id) => book.claims.get(id)?.state);
  const wanted = states.includes('active') ? 2 : states.includes('committed') ? 1 : 0;
  const moves: Readonly<Record<string, TransitionName>> = {
    '0>': 'allocate',
    '1>': 'activate',
    '2<': wanted === 0 ? endOf(why.end) : 'deactivate',
    '1<': endOf(why.end),
  };
  for (;;) {
    const now = leaseStates.indexOf(entry.head.state);
    if (now === -1 || now === wanted) return;
    const transition = moves[`${now}${now < wanted ? '>' : '<'}`];
    if (transition === undefined) return;
    const { by } = stateTable[transition];
    step(steps, entry, { transition, by, author: `claim ${why.claim}`, atMs: why.atMs });
  }
}

function endOf(end: ClaimEnd | undefined): TransitionName {
  return end === 'released' || end === undefined ? 'release' : 'reclaim';
}

/** Ends a claim and frees what it held. */
export function endClaim(steps: Steps, book: Book, claim: Claim, how: ClaimEnd, atMs: number): void {
  steps.take({ t: 'end', claim: claim.id, how });
  for (const asset of new Set(claim.items.map((item): AssetId => item.asset))) {
    const entry = book.entries.get(asset);
    if (entry !== undefined) followClaims(steps, book, entry, { claim: claim.id, end: how, atMs });
  }
}
