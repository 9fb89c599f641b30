import { formatBytes, formatCount, formatShare } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { type Asset, allocations, levels, type Policy, shortWords } from './levels.ts';
import { hoursText } from './policy-fields.ts';
import { formatQuantity, unitOf } from './quantities.ts';

/** One thing that a new policy would change, in words; `isWider` where it lets in more than before. */
export interface Effect {
  readonly what: string;
  readonly before: string;
  readonly after: string;
  readonly isWider: boolean;
  /** What follows for leases that live. */
  readonly note?: string;
}

/** What would be different under `next`, nothing done yet. */
export function effectsOf(asset: Asset, now: Policy, next: Policy): readonly Effect[] {
  const { kind, capacity, leased = 0, leases = 0 } = asset;
  const effects: (Effect | undefined)[] = [
    changed(
      'Who may use it',
      shortWords(levels, now.level),
      shortWords(levels, next.level),
      rank(next) > rank(now),
    ),
    changed(
      'Terms',
      shortWords(allocations, now.allocation),
      shortWords(allocations, next.allocation),
      false,
    ),
    changed('Groups', namesText(now.groups), namesText(next.groups), next.groups.length > now.groups.length),
    changed(
      'Networks',
      namesText(now.networks),
      namesText(next.networks),
      next.networks.length > now.networks.length,
    ),
    shareEffect(),
    changed(
      'Leases at once',
      formatCount(now.maxLeases),
      formatCount(next.maxLeases),
      next.maxLeases > now.maxLeases,
      leases > next.maxLeases
        ? `${leases} live now: they go on, and no new one begins before some end`
        : undefined,
    ),
    changed(
      'Leases of one member',
      formatCount(now.maxLeasesEach),
      formatCount(next.maxLeasesEach),
      next.maxLeasesEach > now.maxLeasesEach,
    ),
    changed(
      'Longest lease',
      formatDuration(now.maxDurationMs),
      formatDuration(next.maxDurationMs),
      next.maxDurationMs > now.maxDurationMs,
    ),
    changed('Hours (UTC)', hoursText(now.hours), hoursText(next.hours), next.hours.length === 0),
    changed(
      `Price of one ${unitOf(kind).name} for an hour`,
      hourlyPrice(kind, now),
      hourlyPrice(kind, next),
      false,
    ),
    changed('Proofs at least', proofsText(now), proofsText(next), false),
  ];
  return effects.filter((effect) => effect !== undefined);

  function shareEffect(): Effect | undefined {
    const most = capacity === undefined ? undefined : lendable(capacity, next.shareBp);
    const words = ({ shareBp }: Policy) =>
      capacity === undefined
        ? formatShare(shareBp)
        : `${formatShare(shareBp)}, ${formatQuantity(kind, lendable(capacity, shareBp))}`;
    const note =
      most !== undefined && leased > most
        ? `${formatQuantity(kind, leased)} are leased now: those leases go on, and no new one begins before some end`
        : undefined;
    return changed('Share that is lent', words(now), words(next), next.shareBp > now.shareBp, note);
  }
}

/** The least that each of the four proofs must show. */
export function proofsText({ proofs }: Policy): string {
  const { spaceBytes, stakePower, workBits, timeIterations } = proofs;
  return `space ${formatBytes(spaceBytes)}, stake ${formatCount(stakePower)}, work ${workBits} bits, time ${formatCount(timeIterations)} squarings`;
}

/** What one of what people count in costs for an hour, in base units, rounded up as the node rounds. */
export function hourlyPrice(kind: string, { price }: Policy): string {
  const { units } = unitOf(kind);
  if (!/^\d+$/.test(price.amount) || !Number.isSafeInteger(price.units) || price.units < 1) return 'unknown';
  const per = BigInt(price.units) * 1_000n;
  const cost = (BigInt(price.amount) * BigInt(units) * 3_600_000n + per - 1n) / per;
  return cost === 0n ? 'nothing' : formatCount(cost);
}

/** How much of a capacity a share lets out, rounded down as the node rounds. */
export function lendable(capacity: number, shareBp: number): number {
  return Number((BigInt(capacity) * BigInt(shareBp)) / 10_000n);
}

function rank({ level }: Policy): number {
  return levels.findIndex(([each]) => each === level);
}

function namesText(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function changed(
  ...[what, before, after, isWider, note]: [string, string, string, boolean, string?]
): Effect | undefined {
  if (before === after) return undefined;
  return { what, before, after, isWider, ...(note === undefined ? {} : { note }) };
}
