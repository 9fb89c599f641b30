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

/** The time, or NaN for what is none: no comparison with it holds. */
const timeOf = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

/** Whether a caller's chain gave a header: bytes where there must be bytes. */
const isHeader = (header: HeaderView | null | undefined): header is HeaderView =>
  typeof header === 'object' &&
  header !== null &&
  header.hash instanceof Uint8Array &&
  header.stateRoot instanceof Uint8Array;

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
  const { lastSequence } = context;
  const { maxOffsetMs } = context.profile;
  if (lastSequence !== undefined) {
    if (typeof lastSequence !== 'number') return { ok: false, reason: 'out-of-sequence' };
    if (sequence <= lastSequence) return { ok: false, reason: 'replayed' };
    if (sequence !== lastSequence + 1) return { ok: false, reason: 'out-of-sequence' };
  }
  const header = context.finalizedHeader(anchor.height);
  if (!isHeader(header)) return { ok: false, reason: 'unknown-anchor' };
  if (!equalBytes(header.hash, anchor.hash)) return { ok: false, reason: 'wrong-anchor' };
  const nowMs = timeOf(context.nowMs);
  const anchorMs = timeOf(header.timeMs);
  // Each bound is what must hold, so that a time that is no number refuses.
  const isFresh = nowMs - anchorMs <= maxOffsetMs && nowMs - claimedMs <= maxOffsetMs;
  if (!isFresh) return { ok: false, reason: 'stale' };
  if (claimedMs - nowMs > maxOffsetMs) return { ok: false, reason: 'future' };
  return claimedMs >= anchorMs ? { ok: true, header } : { ok: false, reason: 'before-anchor' };
}
