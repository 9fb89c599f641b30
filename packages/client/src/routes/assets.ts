import { route } from '../table/route.ts';
import {
  count,
  decimal,
  flag,
  hex,
  list,
  mapOf,
  memberName,
  number,
  object,
  oneOf,
  optional,
  record,
  text,
  whole,
  words,
} from '../table/shapes.ts';
import { Type } from '../table/type.ts';

const levels = ['private', 'private-network', 'p2p', 'public-network', 'full-public'] as const;
/** Whom an asset works for. */
export const allocations = ['private', 'public', 'anonymous', 'verified'] as const;

/** What an owner decides about one asset. */
const policy = object({
  v: Type.Literal(1),
  level: oneOf(levels),
  allocation: oneOf(allocations),
  groups: list(words()),
  networks: list(words()),
  shareBp: count({ maximum: 10_000 }),
  maxLeases: count(),
  maxLeasesEach: count(),
  maxDurationMs: count(),
  hours: list(object({ days: list(count({ maximum: 6 })), fromMinute: count(), toMinute: count() }), {
    description: 'When it may be used, UTC; none means always. Day 0 is Sunday',
  }),
  proofs: object({
    spaceBytes: decimal(),
    stakePower: decimal(),
    workBits: count(),
    timeIterations: count(),
  }),
  price: object(
    { amount: decimal(), units: count() },
    { description: 'Base units for so many units a second' },
  ),
});

const change = object({
  sequence: count(),
  transition: words(),
  to: words(),
  by: words(),
  author: words(),
  atMs: count(),
});

/** An asset, of this node's own hardware or as the ledger names it. */
const asset = object({
  id: words(),
  kind: words(),
  owner: words(),
  attributes: record(),
  policy: optional(policy),
  state: optional(words()),
  capacity: optional(count()),
  leased: optional(count()),
  leases: optional(count()),
  usedBp: optional(count({ description: 'How busy the device is, whoever uses it, basis points' })),
  operation: optional(words()),
  height: optional(count()),
  head: optional(object({ sequence: count(), since: count() })),
  history: optional(list(change)),
});

const assetName = text({ description: 'An id, the beginning of one, or the kind of one of this node' });
/** A number that a person may give as text. */
const numberOrText = Type.Union([number(), text({ maxLength: 64 })]);
const names = Type.Union([list(text({ maxLength: 64 }), { maxItems: 64 }), Type.String({ maxLength: 4096 })]);
const quantity = optional(count({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }));

/** Each field replaces what was there. */
const policyChange = object({
  asset: assetName,
  level: optional(oneOf(levels)),
  allocation: optional(oneOf(allocations)),
  groups: optional(names),
  networks: optional(names),
  sharePercent: optional(numberOrText),
  maxLeases: optional(numberOrText),
  maxLeasesEach: optional(numberOrText),
  maxDurationMs: optional(numberOrText),
  hours: optional(
    text({ description: 'always, or windows such as mo-fr 18:00-08:00, sa-su 00:00-24:00 (UTC)' }),
  ),
  price: optional(numberOrText),
  priceUnits: optional(numberOrText),
  minSpaceBytes: optional(numberOrText),
  minStakePower: optional(numberOrText),
  minWorkBits: optional(numberOrText),
  minTimeIterations: optional(numberOrText),
});

/** What a node has and lends, and on what terms. */
export const assetRoutes = {
  inventory: route({
    method: 'GET',
    path: '/v1/inventory',
    summary: 'The signed inventory of this machine',
    input: object({}),
    output: object({
      id: words(),
      owner: hex(),
      measuredAtMs: count(),
      devices: list(object({ id: words(), kind: words(), attributes: record() })),
      absent: mapOf(words(), { description: 'What is not there, with why' }),
      block: hex({ description: 'All of it, signed' }),
    }),
    early: true,
  }),
  assets: route({
    method: 'GET',
    path: '/v1/assets',
    summary: "Assets of this node's own hardware, and those that the ledger names",
    input: object({
      registered: optional(flag({ description: 'First wait until what this machine has is on the ledger' })),
    }),
    output: object({ own: list(asset), ledger: list(asset) }),
    progress: true,
  }),
  asset: route({
    method: 'GET',
    path: '/v1/assets/{asset}',
    summary: 'One asset with its history',
    input: object({ asset: assetName }),
    output: asset,
  }),
  'set-policy': route({
    method: 'PUT',
    path: '/v1/assets/{asset}/policy',
    summary: 'Change the policy of an asset: each field that is given replaces what was there',
    input: policyChange,
    output: object({ asset: words(), policy, height: count() }),
    progress: true,
  }),
  'plan-policy': route({
    method: 'POST',
    path: '/v1/assets/{asset}/policy/plan',
    summary: 'The policy as a change would make it, or why it may not be so; changes nothing',
    input: policyChange,
    output: object({ asset: words(), policy }),
    reads: true,
  }),
  'explain-claim': route({
    method: 'GET',
    path: '/v1/claims/explanation',
    summary: 'Whether a claim would be granted here, and if not which rules stand against it',
    input: object({
      requester: optional(memberName()),
      cpuMicrosPerSecond: quantity,
      memoryBytes: quantity,
      storageBytes: quantity,
      durationMs: optional(whole()),
    }),
    output: object({
      granted: flag(),
      reasons: list(
        object({
          asset: words(),
          kind: words(),
          code: words(),
          rule: words(),
          remedy: words(),
          position: optional(count()),
        }),
      ),
    }),
  }),
  'register-asset': route({
    method: 'POST',
    path: '/v1/assets',
    summary: 'Register a note as an asset on the ledger',
    input: object({ note: text() }),
    output: object({ id: words(), height: count(), asset: words() }),
  }),
};
