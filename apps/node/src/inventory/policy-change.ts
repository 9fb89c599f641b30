import { allocationTypes, type Policy, privacyLevels } from '@hypermesh/assets';
import { NodeError } from '../errors.ts';
import { parseHours } from './hours-text.ts';

/**
 * A policy with what a person wants changed: each parameter that is there replaces its field, the others stay. Amounts
 * may come as decimal text. Throws `node/bad-flag` for what cannot be read; whether the whole may hold is decided
 * where it is put in place.
 */
export function changedPolicy(policy: Policy, params: Readonly<Record<string, unknown>>): Policy {
  const given = <T>(name: string, read: (value: unknown, name: string) => T, now: T): T =>
    params[name] === undefined ? now : read(params[name], name);
  return {
    ...policy,
    level: given('level', oneOf(privacyLevels), policy.level),
    allocation: given('allocation', oneOf(allocationTypes), policy.allocation),
    groups: given('groups', names, policy.groups),
    networks: given('networks', names, policy.networks),
    shareBp: given('sharePercent', share, policy.shareBp),
    maxLeases: given('maxLeases', whole, policy.maxLeases),
    maxLeasesEach: given('maxLeasesEach', whole, policy.maxLeasesEach),
    maxDurationMs: given('maxDurationMs', whole, policy.maxDurationMs),
    hours: given('hours', hoursIn, policy.hours),
    price: {
      amount: given('price', amount, policy.price.amount),
      units: given('priceUnits', whole, policy.price.units),
    },
    proofs: {
      spaceBytes: given('minSpaceBytes', amount, policy.proofs.spaceBytes),
      stakePower: given('minStakePower', amount, policy.proofs.stakePower),
      workBits: given('minWorkBits', whole, policy.proofs.workBits),
      timeIterations: given('minTimeIterations', whole, policy.proofs.timeIterations),
    },
  };
}

const oneOf =
  <const T extends string>(values: readonly T[]) =>
  (value: unknown, name: string): T => {
    const found = values.find((one) => one === value);
    if (found === undefined) throw bad(name, `one of ${values.join(', ')}`);
    return found;
  };

function names(value: unknown, name: string): readonly string[] {
  const list = typeof value === 'string' ? value.split(',').filter((part) => part !== '') : value;
  if (Array.isArray(list) && list.every((part) => typeof part === 'string')) return list;
  throw bad(name, 'names, separated by commas');
}

function hoursIn(value: unknown, name: string): Policy['hours'] {
  const hours = typeof value === 'string' ? parseHours(value) : undefined;
  if (hours !== undefined) return hours;
  throw bad(name, 'always, or windows such as "mo-fr 18:00-08:00, sa-su 00:00-24:00" (UTC)');
}

function share(value: unknown, name: string): number {
  const text = String(value);
  const [, percent = '', fraction = ''] = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(text) ?? [];
  const shareBp = Number(percent) * 100 + Number(fraction.padEnd(2, '0'));
  if (percent !== '' && shareBp <= 10_000) return shareBp;
  throw bad(name, 'a percentage from 0 to 100, with two decimals at most');
}

function whole(value: unknown, name: string): number {
  const text = String(value);
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw bad(name, 'a whole number');
}

function amount(value: unknown, name: string): bigint {
  const text = String(value);
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  throw bad(name, 'a whole number');
}

function bad(flag: string, expected: string): NodeError {
  return new NodeError(
    { code: 'node/bad-flag', flag, next: `give ${expected}` },
    `${flag} must be ${expected}`,
  );
}
