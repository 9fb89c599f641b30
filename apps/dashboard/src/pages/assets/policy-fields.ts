import type { Input } from '@hypermesh/client';
import type { Policy } from './levels.ts';

/** What the form holds: text as a person typed it. */
export interface PolicyFields {
  readonly level: Policy['level'];
  readonly allocation: Policy['allocation'];
  readonly groups: string;
  readonly networks: string;
  readonly sharePercent: string;
  readonly maxLeases: string;
  readonly maxLeasesEach: string;
  readonly maxHours: string;
  readonly hours: string;
  readonly price: string;
  readonly priceUnits: string;
  readonly minSpaceBytes: string;
  readonly minStakePower: string;
  readonly minWorkBits: string;
  readonly minTimeIterations: string;
}

type Change = Omit<Input<'set-policy'>, 'asset'>;

/** What is wrong with which field. */
export type PolicyErrors = Readonly<Partial<Record<keyof PolicyFields, string>>>;

const hourMs = 3_600_000;
const dayNames = ['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa'];

/** A policy as the form shows it. */
export function fieldsOf(policy: Policy): PolicyFields {
  return {
    level: policy.level,
    allocation: policy.allocation,
    groups: policy.groups.join(', '),
    networks: policy.networks.join(', '),
    sharePercent: String(policy.shareBp / 100),
    maxLeases: String(policy.maxLeases),
    maxLeasesEach: String(policy.maxLeasesEach),
    maxHours: String(policy.maxDurationMs / hourMs),
    hours: hoursText(policy.hours),
    price: policy.price.amount,
    priceUnits: String(policy.price.units),
    minSpaceBytes: policy.proofs.spaceBytes,
    minStakePower: policy.proofs.stakePower,
    minWorkBits: String(policy.proofs.workBits),
    minTimeIterations: String(policy.proofs.timeIterations),
  };
}

/** What the form asks the node to change, and what stands in the way. The node decides in the end, by the same rules and its floor. */
export function changesIn(
  policy: Policy,
  fields: PolicyFields,
): { readonly changes: Change; readonly errors: PolicyErrors } {
  const before = fieldsOf(policy);
  const errors: Partial<Record<keyof PolicyFields, string>> = {};
  for (const name of Object.keys(rules) as (keyof typeof rules)[]) {
    const fault = rules[name](fields[name].trim());
    if (fault !== undefined) errors[name] = fault;
  }
  if (fields.level === 'private' && fields.allocation === 'public')
    errors.allocation =
      'What only this node may use cannot be announced to all: choose another level or type';
  if (fields.level === 'full-public' && fields.allocation === 'private')
    errors.allocation = 'What is open to everybody cannot be internal: choose another level or type';
  const isChanged = (name: keyof PolicyFields) => fields[name].trim() !== before[name];
  const changes = Object.fromEntries(
    (Object.keys(before) as (keyof PolicyFields)[]).filter(isChanged).map((name) => {
      const value = fields[name].trim();
      if (name === 'maxHours') return ['maxDurationMs', Math.round(Number(value) * hourMs)];
      if (name === 'groups' || name === 'networks') return [name, namesIn(value)];
      return [name, value];
    }),
  ) as Change;
  return { changes, errors };
}

/** The policy that the form describes, where nothing stands in the way. */
export function policyOf(policy: Policy, fields: PolicyFields): Policy {
  return {
    ...policy,
    level: fields.level,
    allocation: fields.allocation,
    groups: namesIn(fields.groups),
    networks: namesIn(fields.networks),
    shareBp: Math.round(Number(fields.sharePercent) * 100),
    maxLeases: Number(fields.maxLeases),
    maxLeasesEach: Number(fields.maxLeasesEach),
    maxDurationMs: Math.round(Number(fields.maxHours) * hourMs),
    hours: hoursIn(fields.hours.trim()) ?? policy.hours,
    price: { amount: fields.price.trim(), units: Number(fields.priceUnits) },
    proofs: {
      spaceBytes: fields.minSpaceBytes.trim(),
      stakePower: fields.minStakePower.trim(),
      workBits: Number(fields.minWorkBits),
      timeIterations: Number(fields.minTimeIterations),
    },
  };
}

const rules = {
  sharePercent: (value: string) =>
    /^\d{1,3}(\.\d{1,2})?$/.test(value) && Number(value) <= 100
      ? undefined
      : 'A percentage from 0 to 100, with two decimals at most',
  maxLeases: whole(1_000_000),
  maxLeasesEach: whole(1_000_000),
  maxHours: (value: string) =>
    /^\d{1,4}(\.\d{1,6})?$/.test(value) && Number(value) <= 366 * 24 ? undefined : 'Hours, from 0 to 8784',
  hours: (value: string) =>
    hoursIn(value) !== undefined
      ? undefined
      : 'always, or windows such as mo-fr 18:00-08:00, sa-su 00:00-24:00 (UTC)',
  price: whole(2n ** 63n),
  priceUnits: (value: string) =>
    /^[1-9]\d{0,14}$/.test(value) ? undefined : 'A whole number from 1: for how many units the price is',
  minSpaceBytes: whole(2n ** 63n),
  minStakePower: whole(2n ** 63n),
  minWorkBits: whole(256),
  minTimeIterations: whole(Number.MAX_SAFE_INTEGER),
  groups: namesFault,
  networks: namesFault,
} satisfies Partial<Record<keyof PolicyFields, (value: string) => string | undefined>>;

function whole(most: number | bigint): (value: string) => string | undefined {
  return (value) =>
    /^\d{1,19}$/.test(value) && BigInt(value) <= BigInt(most)
      ? undefined
      : `A whole number from 0 to ${most}`;
}

function namesFault(value: string): string | undefined {
  const names = namesIn(value);
  if (names.length > 64) return 'At most 64 names';
  return names.some((name) => name.length > 64) ? 'A name has at most 64 characters' : undefined;
}

function namesIn(value: string): readonly string[] {
  return value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Operating hours from the words of the form; undefined for anything that the node would not take. */
function hoursIn(text: string): Policy['hours'] | undefined {
  if (text === 'always') return [];
  const windows = text.split(',').map((part) => windowIn(part.trim()));
  return windows.every((window) => window !== undefined) ? windows : undefined;
}

const windowPattern =
  /^(?:([a-z]{2})(?:-([a-z]{2}))? )?([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;

function windowIn(text: string): Policy['hours'][number] | undefined {
  const [matched, first = 'su', last, fromHour, fromMin, toHour = 24, toMin = 0] =
    windowPattern.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const from = dayNames.indexOf(first);
  const to = /^[a-z]/.test(text) ? dayNames.indexOf(last ?? first) : 6;
  const fromMinute = Number(fromHour) * 60 + Number(fromMin);
  const toMinute = Number(toHour) * 60 + Number(toMin);
  if (from === -1 || to === -1 || fromMinute === toMinute) return undefined;
  const days = Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, ahead) => (from + ahead) % 7);
  return { days, fromMinute, toMinute };
}

/** Operating hours in the words that the form takes. */
export function hoursText(hours: Policy['hours']): string {
  if (hours.length === 0) return 'always';
  const clock = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  return hours
    .flatMap(({ days, fromMinute, toMinute }) =>
      runsOf(days).map(([from, to]) => {
        const span = from === to ? dayNames[from] : `${dayNames[from]}-${dayNames[to]}`;
        return `${span} ${clock(fromMinute)}-${clock(toMinute)}`;
      }),
    )
    .join(', ');
}

/** Days that follow each other as pairs of first and last. */
function runsOf(days: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const day of days) {
    const last = runs.at(-1);
    if (last !== undefined && (last[1] + 1) % 7 === day) last[1] = day;
    else runs.push([day, day]);
  }
  return runs;
}
