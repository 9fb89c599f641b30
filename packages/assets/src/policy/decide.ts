import { isOpen, nextOpening } from './hours.ts';
import { checkPolicy, type Policy, type PolicyFault, type ProofStrength, weakestLeg } from './policy.ts';
import { isAnnounced, keptOutBy, type Relation, relations, rewardBp } from './reach.ts';

/** What is taken of an asset at the moment. */
export interface Usage {
  /** Whole quantity, base units of the kind. */
  readonly capacity: number;
  /** What live leases hold together. */
  readonly leased: number;
  readonly leases: number;
  /** Of those, the leases of this requester; 0 where it is not known. */
  readonly leasesOfRequester: number;
}

/** What somebody asks of an asset. */
export interface AccessRequest {
  readonly relation: Relation;
  /** Base units of the kind, 1 or more. */
  readonly quantity: number;
  readonly durationMs: number;
  /** What the four proofs of the operation behind this request showed, and when this node itself looked at them. */
  readonly proofs: (ProofStrength & { readonly verifiedAtMs: number }) | undefined;
  /** The most that is paid for the whole lease; nothing if it is left out. */
  readonly maxPrice?: bigint;
}

/** Why a request is denied. Closed and stable. */
export type DenialCode =
  | 'policy-invalid'
  | 'usage-invalid'
  | 'request-invalid'
  | 'not-reachable'
  | 'not-allocated'
  | 'proofs-missing'
  | 'proof-too-weak'
  | 'proofs-stale'
  | 'outside-hours'
  | 'over-capacity'
  | 'over-share'
  | 'too-many-leases'
  | 'too-many-leases-each'
  | 'too-long'
  | 'price-too-low';

/** A request that the policy denies: which rule, with its value, and what the asker or the owner can do. */
export interface Denial {
  readonly ok: false;
  readonly code: DenialCode;
  readonly rule: string;
  readonly remedy: string;
  /** Whether the same request may be granted once leases end. */
  readonly canWait: boolean;
}

/** A request that the policy grants, and on what terms. */
export interface Grant {
  readonly ok: true;
  /** For the whole lease, money in base units. */
  readonly price: bigint;
  /** Whether the lease may keep its holder's name. */
  readonly identity: 'kept' | 'pseudonym';
  /** Whether the four proofs are looked at again when the lease is committed and renewed. */
  readonly isReverified: boolean;
  /** Whether the lease may be told to others. */
  readonly isAnnounced: boolean;
  readonly rewardBp: number;
}

/** Oldest look at the proofs that a `verified` asset accepts, milliseconds. */
export const verifiedProofAgeMs = 60_000;

const policyRemedies: Readonly<Record<PolicyFault, string>> = {
  malformed: 'the owner has to set the policy again',
  'illegal-pair': 'the owner has to choose a level and a type that go together',
  'empty-hours': 'the owner has to correct the operating hours',
  'price-units': 'the owner has to correct the price',
  'below-floor': 'the owner has to raise the minimum of the proofs',
};

/**
 * Whether a policy grants a request. Pure and total: the same answer for the same arguments, and a denial for anything
 * malformed. Rules are looked at in a fixed order, reach first, and the first that fails is the answer, so that a
 * stranger learns nothing of load or price.
 */
export function decide(
  policy: unknown,
  usage: Usage,
  request: AccessRequest,
  { nowMs, floor }: { readonly nowMs: number; readonly floor: ProofStrength },
): Grant | Denial {
  const checked = checkPolicy(policy, floor);
  if (!checked.ok) return denial('policy-invalid', checked.reason, policyRemedies[checked.reason]);
  const rules = checked.policy;
  const kept = reachDenial(rules, request);
  if (kept !== undefined) return kept;
  if (
    !isWhole(usage.capacity) ||
    !isWhole(usage.leased) ||
    !isWhole(usage.leases) ||
    !isWhole(usage.leasesOfRequester)
  )
    return denial('usage-invalid', 'usage must be whole numbers', 'the node has to be restarted');
  const isAsking = isWhole(request.quantity) && request.quantity >= 1;
  if (!isAsking || !isWhole(request.durationMs) || request.durationMs < 1 || !Number.isFinite(nowMs))
    return denial('request-invalid', 'quantity and duration must be whole numbers above 0', 'ask for some');
  return (
    proofDenial(rules, request, nowMs) ??
    hoursDenial(rules, nowMs) ??
    quantityDenial(rules, usage, request) ??
    priced(rules, request)
  );
}

function reachDenial(policy: Policy, { relation }: AccessRequest): Denial | undefined {
  if (!relations.includes(relation))
    return denial(
      'request-invalid',
      'unknown relation',
      'say who asks: self, group, peer, network or anyone',
    );
  const by = keptOutBy(policy.level, policy.allocation, relation);
  if (by === 'level')
    return denial('not-reachable', `level ${policy.level}`, 'ask the owner to open the asset further');
  if (by === 'allocation')
    return denial('not-allocated', `allocation ${policy.allocation}`, 'ask the owner for another allocation');
  return undefined;
}

function proofDenial(policy: Policy, { proofs }: AccessRequest, nowMs: number): Denial | undefined {
  if (proofs === undefined)
    return denial('proofs-missing', 'all four proofs', 'send the operation with its four proofs');
  const leg = weakestLeg(proofs, policy.proofs);
  // A comparison with something that is no number is false: such a leg must not pass for strong enough.
  const isRead =
    typeof proofs.spaceBytes === 'bigint' &&
    typeof proofs.stakePower === 'bigint' &&
    isWhole(proofs.workBits) &&
    isWhole(proofs.timeIterations) &&
    Number.isFinite(proofs.verifiedAtMs);
  if (!isRead) return denial('proofs-missing', 'all four proofs', 'send the operation with its four proofs');
  if (leg !== undefined)
    return denial('proof-too-weak', `minimum of ${leg}`, `bring more ${leg} than the owner asks for`);
  const ageMs = nowMs - proofs.verifiedAtMs;
  if (policy.allocation === 'verified' && (ageMs < 0 || ageMs > verifiedProofAgeMs))
    return denial(
      'proofs-stale',
      `looked at within ${verifiedProofAgeMs} ms`,
      'have the proofs verified again',
    );
  return undefined;
}

function hoursDenial({ hours }: Policy, nowMs: number): Denial | undefined {
  if (isOpen(hours, nowMs)) return undefined;
  const next = nextOpening(hours, nowMs);
  const remedy = next === undefined ? 'it never opens' : `ask again at ${new Date(next).toISOString()}`;
  return denial('outside-hours', 'operating hours', remedy);
}

function quantityDenial(policy: Policy, usage: Usage, request: AccessRequest): Denial | undefined {
  const { quantity, durationMs } = request;
  if (quantity > usage.capacity)
    return denial('over-capacity', `capacity ${usage.capacity}`, `ask for ${usage.capacity} at most`);
  const most = lendable(usage.capacity, policy.shareBp);
  if (quantity > most)
    return denial('over-share', `share ${policy.shareBp} bp, ${most}`, `ask for ${most} at most`);
  if (usage.leased + quantity > most) {
    const rest = Math.max(0, most - usage.leased);
    return denial(
      'over-share',
      `share ${policy.shareBp} bp, ${rest} of ${most} free`,
      'wait, or ask for less',
      true,
    );
  }
  if (usage.leases >= policy.maxLeases)
    return denial('too-many-leases', `${policy.maxLeases} leases at once`, 'wait until a lease ends', true);
  if (usage.leasesOfRequester >= policy.maxLeasesEach)
    return denial(
      'too-many-leases-each',
      `${policy.maxLeasesEach} leases each`,
      'release one of your leases',
    );
  if (durationMs > policy.maxDurationMs)
    return denial('too-long', `${policy.maxDurationMs} ms at most`, `ask for ${policy.maxDurationMs} ms`);
  return undefined;
}

function priced(policy: Policy, request: AccessRequest): Grant | Denial {
  const price = request.relation === 'self' ? 0n : priceOf(policy, request.quantity, request.durationMs);
  const offered = request.maxPrice ?? 0n;
  if (typeof offered !== 'bigint' || offered < price)
    return denial('price-too-low', `price ${price}`, `offer ${price} at least`);
  return {
    ok: true,
    price,
    identity: policy.allocation === 'anonymous' ? 'pseudonym' : 'kept',
    isReverified: policy.allocation === 'verified',
    isAnnounced: isAnnounced(policy.allocation),
    rewardBp: rewardBp(policy.level),
  };
}

/** What a quantity costs for a time, rounded up. */
export function priceOf({ price }: Policy, quantity: number, durationMs: number): bigint {
  const per = BigInt(price.units) * 1_000n;
  return (price.amount * BigInt(quantity) * BigInt(durationMs) + per - 1n) / per;
}

/** How much of a capacity a share lets out, rounded down. */
export function lendable(capacity: number, shareBp: number): number {
  return Number((BigInt(capacity) * BigInt(shareBp)) / 10_000n);
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function denial(code: DenialCode, rule: string, remedy: string, canWait = false): Denial {
  return { ok: false, code, rule, remedy, canWait };
}
