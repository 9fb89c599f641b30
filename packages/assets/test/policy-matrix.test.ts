import {
  type AllocationType,
  allocationTypes,
  changePolicy,
  checkPolicy,
  decide,
  isLegalPair,
  type Policy,
  type PrivacyLevel,
  privacyLevels,
  type Relation,
  relationOf,
  relations,
  rewardBp,
} from '@hypermesh/assets';
import { describe, expect, test } from 'vitest';
import { ask, assetsWith, floor, memoryAsset, openPolicy } from './support.ts';

const usage = { capacity: 100, leased: 0, leases: 0, leasesOfRequester: 0 };
const at = { nowMs: 0, floor };
const request = (relation: Relation) => ({
  relation,
  quantity: 1,
  durationMs: 1,
  proofs: { ...floor, verifiedAtMs: 0 },
});
const policyOf = (level: PrivacyLevel, allocation: AllocationType): Policy => ({
  ...openPolicy,
  level,
  allocation,
});

/** Written by hand from the words of the privacy model, not from the code. Y: may; l: the level, t: the type keeps out; X: no such pair. */
const table = `
                 | private | public | anonymous | verified |
                 | SGPNA   | SGPNA  | SGPNA     | SGPNA    |
private          | Yllll   | XXXXX  | Yllll     | Yllll    |
private-network  | YYlll   | YYlll  | YYlll     | YYlll    |
p2p              | YYtll   | YYYll  | YYYll     | YYYll    |
public-network   | YYttl   | YYYYl  | YYYYl     | YYYYl    |
full-public      | XXXXX   | YYYYY  | YYYYY     | YYYYY    |`;

const rows = table
  .trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));
const cells = rows.slice(2).flatMap(([level = '', ...row]) =>
  allocationTypes.flatMap((allocation, column) =>
    relations.map((relation, place) => ({
      level: level as PrivacyLevel,
      allocation,
      relation,
      wanted: row[column]?.[place],
    })),
  ),
);

describe('privacy', () => {
  test('the full matrix of level, type and requester is as the table says, and forbidden changes throw [assets-05]', () => {
    expect(rows[0]?.slice(1, -1) ?? allocationTypes).toEqual(
      expect.arrayContaining(['public', 'anonymous', 'verified']),
    );
    expect(cells.length).toBe(privacyLevels.length * allocationTypes.length * relations.length);
    let granted = 0;
    for (const { level, allocation, relation, wanted } of cells) {
      const decision = decide(policyOf(level, allocation), usage, request(relation), at);
      const code = { Y: undefined, l: 'not-reachable', t: 'not-allocated', X: 'policy-invalid' }[
        wanted ?? ''
      ];
      expect({ level, allocation, relation, code: decision.ok ? undefined : decision.code }).toEqual({
        level,
        allocation,
        relation,
        code,
      });
      if (decision.ok) {
        granted += 1;
        expect(decision.identity).toBe(allocation === 'anonymous' ? 'pseudonym' : 'kept');
        expect(decision.isReverified).toBe(allocation === 'verified');
        expect(decision.isAnnounced).toBe(allocation !== 'private');
      }
      expect(isLegalPair(level, allocation)).toBe(wanted !== 'X');
      const change = () => changePolicy(openPolicy, policyOf(level, allocation), { floor, liveLeases: 1 });
      if (wanted === 'X')
        expect(change).toThrow(expect.objectContaining({ code: 'assets/forbidden-policy' }));
      else expect(change()).toEqual(policyOf(level, allocation));
    }
    expect(granted).toBe(3 + 8 + 11 + 14 + 15);
  });

  test('anonymity cannot be given up while anonymous leases live', async () => {
    const asset = memoryAsset();
    const policy = policyOf('full-public', 'anonymous');
    const { assets } = await assetsWith([asset], { policy });
    const held = await assets.reserve(ask(1));
    if (!held.ok) throw new Error('it is free');
    expect(held.claim.holder).toMatch(/^anonymous:[0-9a-f]{32}$/);
    await expect(assets.setPolicy(asset.id, openPolicy)).rejects.toMatchObject({
      failure: { code: 'assets/forbidden-policy', rule: 'anonymous-leases-live' },
    });
    await assets.setPolicy(asset.id, { ...policy, level: 'p2p' });
    await assets.revoke(held.claim.id);
    await assets.setPolicy(asset.id, openPolicy);
    expect(assets.find(asset.id)?.policy.allocation).toBe('public');
  });

  test('an anonymous lease keeps nothing that leads to its holder, and two of one holder nothing in common', async () => {
    const { assets } = await assetsWith([memoryAsset()], { policy: policyOf('full-public', 'anonymous') });
    const holders: string[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const held = await assets.reserve(ask(1, { id: 'alice-the-requester' }));
      if (held.ok) holders.push(held.claim.holder);
    }
    expect(new Set(holders).size).toBe(2);
    expect(
      JSON.stringify(assets.claims(), (_, part) => (typeof part === 'bigint' ? String(part) : part)),
    ).not.toContain('alice');
  });

  test('a requester is to an owner the closest that was found of it', () => {
    const policy = openPolicy;
    const of = (found: object) => relationOf({ id: 'x', ...found }, policy);
    expect(of({})).toBe('anyone');
    expect(of({ networks: ['other'] })).toBe('anyone');
    expect(of({ networks: ['campus'] })).toBe('network');
    expect(of({ networks: ['campus'], isTrustedPeer: true })).toBe('peer');
    expect(of({ groups: ['lab'], isTrustedPeer: true })).toBe('group');
    expect(of({ groups: ['other'], isTrustedPeer: true })).toBe('peer');
    expect(of({ isSelf: true, groups: ['lab'] })).toBe('self');
  });

  test('further open levels earn more', () => {
    expect(privacyLevels.map(rewardBp)).toEqual([0, 2_500, 5_000, 7_500, 10_000]);
  });

  test('what is offered is what reaches the one who looks', async () => {
    const { assets } = await assetsWith([memoryAsset()], { policy: policyOf('p2p', 'public') });
    expect(assets.offers({ requester: { id: 'x', isTrustedPeer: true } })).toMatchObject([{ free: 1_000 }]);
    expect(assets.offers({ requester: { id: 'x' } })).toEqual([]);
  });

  test('a policy from anybody is checked field by field', () => {
    const faults: readonly [object, string][] = [
      [{ v: 2 }, 'malformed'],
      [{ level: 'open' }, 'malformed'],
      [{ shareBp: 10_001 }, 'malformed'],
      [{ shareBp: 0.5 }, 'malformed'],
      [{ maxDurationMs: -1 }, 'malformed'],
      [{ proofs: { spaceBytes: 1n, stakePower: 1n, workBits: 1 } }, 'malformed'],
      [{ proofs: undefined }, 'malformed'],
      [{ surprise: 1 }, 'malformed'],
      [{ level: 'private', allocation: 'public' }, 'illegal-pair'],
      [{ hours: [{ days: [], fromMinute: 0, toMinute: 60 }] }, 'empty-hours'],
      [{ hours: [{ days: [1], fromMinute: 60, toMinute: 60 }] }, 'empty-hours'],
      [{ price: { amount: 1n, units: 0 } }, 'price-units'],
      [{ proofs: { ...floor, workBits: floor.workBits - 1 } }, 'below-floor'],
    ];
    for (const [change, reason] of faults)
      expect(checkPolicy({ ...openPolicy, ...change }, floor)).toEqual({ ok: false, reason });
    for (const value of [undefined, null, 1, 'policy', [], {}])
      expect(checkPolicy(value, floor)).toEqual({ ok: false, reason: 'malformed' });
  });
});
