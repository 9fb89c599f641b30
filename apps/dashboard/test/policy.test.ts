import { describe, expect, it } from 'vitest';
import type { Asset, Policy } from '../src/pages/assets/levels.ts';
import { effectsOf, hourlyPrice, lendable } from '../src/pages/assets/policy-effect.ts';
import { changesIn, fieldsOf, type PolicyFields, policyOf } from '../src/pages/assets/policy-fields.ts';

const policy: Policy = {
  v: 1,
  level: 'p2p',
  allocation: 'verified',
  groups: [],
  networks: [],
  shareBp: 5_000,
  maxLeases: 64,
  maxLeasesEach: 32,
  maxDurationMs: 86_400_000,
  hours: [{ days: [1, 2, 3, 4, 5], fromMinute: 1080, toMinute: 480 }],
  proofs: { spaceBytes: '1000000', stakePower: '100', workBits: 2, timeIterations: 65_536 },
  price: { amount: '7', units: 1_000 },
};
const asset: Asset = {
  id: 'bafy',
  kind: 'cpu',
  owner: 'this node',
  attributes: {},
  policy,
  state: 'available',
  capacity: 4_000_000,
  leased: 1_000_000,
  leases: 3,
};
const changed = (fields: Partial<PolicyFields>) => ({ ...fieldsOf(policy), ...fields });

describe('the form of a policy', () => {
  it('shows a policy and changes nothing of it by itself', () => {
    const { changes, errors } = changesIn(policy, fieldsOf(policy));
    expect([changes, errors]).toEqual([{}, {}]);
    expect(policyOf(policy, fieldsOf(policy))).toEqual(policy);
    expect(fieldsOf(policy).hours).toBe('mo-fr 18:00-08:00');
  });

  it('asks for what was changed and for nothing else', () => {
    const { changes, errors } = changesIn(
      policy,
      changed({ sharePercent: '12.5', groups: 'ours, theirs', maxHours: '0.5', hours: 'always' }),
    );
    expect(errors).toEqual({});
    expect(changes).toEqual({
      sharePercent: '12.5',
      groups: ['ours', 'theirs'],
      maxDurationMs: 1_800_000,
      hours: 'always',
    });
  });

  it.each(['always', 'mo-fr 18:00-08:00', 'sa-su 00:00-24:00, we 12:00-13:30', 'fr-mo 00:00-06:00'])(
    'reads the hours %s and gives them back',
    (hours) => {
      const next = policyOf(policy, changed({ hours }));
      expect(changesIn(policy, changed({ hours })).errors).toEqual({});
      expect(policyOf(policy, fieldsOf(next)).hours).toEqual(next.hours);
    },
  );

  it.each([
    [{ sharePercent: '101' }],
    [{ sharePercent: '-1' }],
    [{ sharePercent: '1.234' }],
    [{ maxLeases: '1e3' }],
    [{ maxLeasesEach: '' }],
    [{ maxHours: '9000' }],
    [{ hours: 'mo 25:00-26:00' }],
    [{ hours: 'xx 10:00-11:00' }],
    [{ hours: 'mo 10:00-10:00' }],
    [{ hours: 'mo-fr 10:00-11:00,' }],
    [{ price: 'NaN' }],
    [{ price: '99999999999999999999' }],
    [{ priceUnits: '0' }],
    [{ minWorkBits: '257' }],
    [{ groups: 'x'.repeat(65) }],
  ] satisfies readonly [Partial<PolicyFields>][])('refuses %j beside its field', (fields) => {
    expect(Object.keys(changesIn(policy, changed(fields)).errors)).toEqual(Object.keys(fields));
  });

  it.each([
    ['private', 'public'],
    ['full-public', 'private'],
  ] as const)('refuses the pair %s and %s, which contradict each other', (level, allocation) => {
    expect(changesIn(policy, changed({ level, allocation })).errors.allocation).toBeDefined();
  });
});

describe('what a policy would do', () => {
  const effects = (fields: Partial<PolicyFields>) =>
    effectsOf(asset, policy, policyOf(policy, changed(fields)));

  it('says in people’s units what was and what will be, and what becomes of leases that live', () => {
    expect(effects({ sharePercent: '10', maxLeases: '2' })).toEqual([
      {
        what: 'Share that is lent',
        before: '50 %, 2 cores',
        after: '10 %, 0.4 cores',
        isWider: false,
        note: '1 core are leased now: those leases go on, and no new one begins before some end',
      },
      {
        what: 'Leases at once',
        before: '64',
        after: '2',
        isWider: false,
        note: '3 live now: they go on, and no new one begins before some end',
      },
    ]);
  });

  it('marks what opens the asset further', () => {
    expect(effects({ level: 'full-public' }).map(({ what, isWider }) => [what, isWider])).toEqual([
      ['Who may use it', true],
    ]);
    expect(effects({ level: 'private' })[0]?.isWider).toBe(false);
  });

  it('every field that can be changed has its effect', () => {
    const fields: readonly (readonly [keyof PolicyFields, string])[] = [
      ['level', 'private'],
      ['allocation', 'anonymous'],
      ['groups', 'ours'],
      ['networks', 'wide'],
      ['sharePercent', '1'],
      ['maxLeases', '1'],
      ['maxLeasesEach', '1'],
      ['maxHours', '1'],
      ['hours', 'always'],
      ['price', '9'],
      ['priceUnits', '9'],
      ['minSpaceBytes', '2000000'],
      ['minStakePower', '200'],
      ['minWorkBits', '9'],
      ['minTimeIterations', '99999'],
    ];
    expect(fields.map(([name]) => name).sort()).toEqual(Object.keys(fieldsOf(policy)).sort());
    for (const [name, value] of fields) expect([name, effects({ [name]: value }).length]).toEqual([name, 1]);
  });

  it('rounds as the node does: shares down, prices up', () => {
    expect(lendable(7, 5_000)).toBe(3);
    expect(hourlyPrice('cpu', policy)).toBe('25,200,000');
    expect(hourlyPrice('cpu', { ...policy, price: { amount: '0', units: 1 } })).toBe('nothing');
  });
});
