import { equalBytes, type Verdict } from '@hypermesh/core';
import type { HeaderView } from './ports.ts';
import type { Profile } from './profiles.ts';

/** What a proof says of its place in time. */
export interface TimeClaim {
  readonly sequence: number;
  readonly anchor: { readonly height: number; readonly hash: Uint8Array };
  readonly claimedMs: number;
}

export type WindowReason =
  | 'replayed'
  | 'out-of-sequence'
  | 'unknown-anchor'
  | 'wrong-anchor'
  | 'before-anchor'
  | 'stale'
  | 'future';

/**
 * The part of the time leg that depends on where the operation is to stand: sequence, anchor and claimed time. Costs
 * no hashing, so it is asked again for every block.
 */
export function checkWindow(
  claim: TimeClaim,
  context: {
    readonly profile: Profile;
    readonly nowMs: number;
    readonly lastSequence?: number | undefined;
    finalizedHeader(height: number): HeaderView | undefined;
  },
): Verdict<{ header: HeaderView }, WindowReason> {
  const { sequence, anchor, claimedMs } = claim;
  const { nowMs, lastSequence } = context;
  const { maxOffsetMs } = context.profile;
  if (lastSequence !== undefined && sequence <= lastSequence) return { ok: false, reason: 'replayed' };
  if (lastSequence !== undefined && sequence !== lastSequence + 1)
    return { ok: false, reason: 'out-of-sequence' };
  const header = context.finalizedHeader(anchor.height);
  if (header === undefined) return { ok: false, reason: 'unknown-anchor' };
  if (!equalBytes(header.hash, anchor.hash)) return { ok: false, reason: 'wrong-anchor' };
  if (nowMs - header.timeMs > maxOffsetMs || nowMs - claimedMs > maxOffsetMs)
    return { ok: false, reason: 'stale' };
  if (claimedMs - nowMs > maxOffsetMs) return { ok: false, reason: 'future' };
  return claimedMs < header.timeMs ? { ok: false, reason: 'before-anchor' } : { ok: true, header };
}
