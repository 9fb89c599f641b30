import {
  checkRecord,
  decodeRecord,
  encodeRecord,
  type Infer,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { AssetsError } from '../errors.ts';
import { isLegalPair } from './reach.ts';

/** Minutes of a day; a window that ends before it begins runs over midnight. */
const minutesOfDay = 1_440;

const proofMinimum = record({
  /** Bytes that the requester's plots commit. */
  spaceBytes: s.bigint(),
  /** Its bonded power. */
  stakePower: s.bigint(),
  /** Leading zero bits of its work. */
  workBits: s.uint(256),
  /** Sequential squarings of its delay. */
  timeIterations: s.uint(),
});

/** The form of a policy on disk and on the ledger. */
export const policySchema = record({
  v: s.literal(1),
  level: s.union(
    s.literal('private'),
    s.literal('private-network'),
    s.literal('p2p'),
    s.literal('public-network'),
    s.literal('full-public'),
  ),
  allocation: s.union(
    s.literal('private'),
    s.literal('public'),
    s.literal('anonymous'),
    s.literal('verified'),
  ),
  /** Groups that `private-network` and wider levels let in, and public networks for `public-network` and wider. */
  groups: s.array(s.text(64), 64),
  networks: s.array(s.text(64), 64),
  /** How much of the capacity all leases together may take, basis points. */
  shareBp: s.uint(10_000),
  /** Leases at once, in all and for one requester (which an anonymous asset cannot tell apart). */
  maxLeases: s.uint(1_000_000),
  maxLeasesEach: s.uint(1_000_000),
  /** Longest time that one lease may run, renewals not counted together, milliseconds. */
  maxDurationMs: s.uint(366 * 86_400_000),
  /** When it may be used, UTC; none means always. */
  hours: s.array(
    record({
      /** 0 is Sunday. The day on which the window begins. */
      days: s.array(s.uint(6), 7),
      fromMinute: s.uint(minutesOfDay - 1),
      toMinute: s.uint(minutesOfDay),
    }),
    32,
  ),
  /** What each of the four proofs must show at least; at or above the floor of the ledger's profile. */
  proofs: proofMinimum,
  /** Money in base units for `units` of capacity during one second; a fraction is rounded up. 0 lends for nothing. */
  price: record({ amount: s.bigint(), units: s.uint() }),
});

/** What an owner decides about one asset. Takes effect with the next decision. */
export type Policy = Infer<typeof policySchema>;

/** What each leg of the four proofs amounts to, or must at least. */
export type ProofStrength = Infer<typeof proofMinimum>;

/** Why a value is no policy. */
export type PolicyFault = 'malformed' | 'illegal-pair' | 'empty-hours' | 'price-units' | 'below-floor';

/** The bytes of a policy, canonical. */
export function encodePolicy(policy: Policy): Uint8Array {
  return encodeRecord(policySchema, policy);
}

/** Reads a policy from anybody and checks it. */
export function decodePolicy(
  bytes: Uint8Array,
  floor: ProofStrength,
): Verdict<{ policy: Policy }, PolicyFault> {
  const decoded = decodeRecord(policySchema, bytes);
  return decoded.ok ? checkPolicy(decoded.value, floor) : { ok: false, reason: 'malformed' };
}

/**
 * Whether a value is a policy that may hold under a floor. A policy may ask for more than the floor in any of the four
 * legs; it can leave none out and lower none.
 */
export function checkPolicy(value: unknown, floor: ProofStrength): Verdict<{ policy: Policy }, PolicyFault> {
  const checked = checkRecord(policySchema, value);
  if (!checked.ok) return { ok: false, reason: 'malformed' };
  const policy = checked.value;
  if (!isLegalPair(policy.level, policy.allocation)) return { ok: false, reason: 'illegal-pair' };
  if (policy.hours.some(({ days, fromMinute, toMinute }) => days.length === 0 || fromMinute === toMinute))
    return { ok: false, reason: 'empty-hours' };
  if (policy.price.units < 1) return { ok: false, reason: 'price-units' };
  if (weakestLeg(policy.proofs, floor) !== undefined) return { ok: false, reason: 'below-floor' };
  return { ok: true, policy };
}

/** The first leg in which `shown` falls short of `wanted`. */
export function weakestLeg(
  shown: ProofStrength,
  wanted: ProofStrength,
): 'space' | 'stake' | 'work' | 'time' | undefined {
  if (shown.spaceBytes < wanted.spaceBytes) return 'space';
  if (shown.stakePower < wanted.stakePower) return 'stake';
  if (shown.workBits < wanted.workBits) return 'work';
  if (shown.timeIterations < wanted.timeIterations) return 'time';
  return undefined;
}

const remedies: Readonly<Record<PolicyFault, string>> = {
  malformed: 'give every field of a policy in its form',
  'illegal-pair':
    'private goes with private, anonymous or verified; full-public with public, anonymous or verified',
  'empty-hours': 'give each window a day and a length, or give no windows',
  'price-units': 'say for how many units the price is: 1 or more',
  'below-floor': 'keep all four proofs at or above the minimum of the ledger',
};

/**
 * Puts `next` in the place of `current`. Throws `assets/forbidden-policy` for a policy that may not hold, and for
 * giving up `anonymous` while leases live: their holders were promised not to be known, and a renewal would tell.
 */
export function changePolicy(
  current: Policy,
  next: unknown,
  { floor, liveLeases }: { readonly floor: ProofStrength; readonly liveLeases: number },
): Policy {
  const checked = checkPolicy(next, floor);
  if (!checked.ok) throw forbidden(checked.reason, remedies[checked.reason]);
  const givesUpAnonymity = current.allocation === 'anonymous' && checked.policy.allocation !== 'anonymous';
  if (givesUpAnonymity && liveLeases > 0)
    throw forbidden('anonymous-leases-live', 'wait until its leases have ended, or revoke them');
  return checked.policy;
}

function forbidden(rule: string, remedy: string): AssetsError {
  return new AssetsError(
    { code: 'assets/forbidden-policy', rule, remedy },
    `The policy is refused (${rule}): ${remedy}`,
  );
}
