import { type AccessRequest, decide, lendable, type Policy, priceOf, relations } from '@hypermesh/assets';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ask, assetsWith, floor, memoryAsset, openPolicy } from './support.ts';

const usage = { capacity: 1_000, leased: 0, leases: 0, leasesOfRequester: 0 };
const request: AccessRequest = {
  relation: 'anyone',
  quantity: 100,
  durationMs: 1_000,
  proofs: { ...floor, verifiedAtMs: 0 },
};
const at = { nowMs: 0, floor };
const code = (
  policy: Partial<Policy>,
  used: Partial<typeof usage> = {},
  asked: Partial<AccessRequest> = {},
  nowMs = 0,
) => {
  const decision = decide(
    { ...openPolicy, ...policy },
    { ...usage, ...used },
    { ...request, ...asked },
    { ...at, nowMs },
  );
  return decision.ok ? 'granted' : decision.code;
};

describe('what an owner controls', () => {
  test('share, number of leases, duration and proofs change admission with the next request [assets-06]', async () => {
    const asset = memoryAsset();
    const { assets } = await assetsWith([asset]);
    const outcome = async (change: Partial<Policy>, asked = ask(500)) => {
      await assets.setPolicy(asset.id, { ...openPolicy, ...change });
      const held = await assets.reserve(asked);
      if (!held.ok) return held.rejections.map((rejection) => rejection.code).join();
      await assets.release(held.claim.id);
      return 'granted';
    };
    for (const shareBp of [0, 1, 2_500, 4_999]) expect(await outcome({ shareBp })).toBe('over-share');
    for (const shareBp of [5_000, 7_500, 10_000]) expect(await outcome({ shareBp })).toBe('granted');
    expect(await outcome({ maxLeases: 0 })).toBe('too-many-leases');
    expect(await outcome({ maxLeases: 1 })).toBe('granted');
    expect(await outcome({ maxLeasesEach: 0 })).toBe('too-many-leases-each');
    expect(await outcome({ maxDurationMs: 59_999 })).toBe('too-long');
    expect(await outcome({ maxDurationMs: 60_000 })).toBe('granted');
    for (const leg of ['spaceBytes', 'stakePower', 'workBits', 'timeIterations'] as const) {
      const raised = { ...floor, [leg]: typeof floor[leg] === 'bigint' ? floor[leg] + 1n : floor[leg] + 1 };
      expect(await outcome({ proofs: raised })).toBe('proof-too-weak');
      const lowered = { ...floor, [leg]: typeof floor[leg] === 'bigint' ? floor[leg] - 1n : floor[leg] - 1 };
      await expect(outcome({ proofs: lowered })).rejects.toMatchObject({ failure: { rule: 'below-floor' } });
      const { [leg]: _, ...dropped } = floor;
      await expect(outcome({ proofs: dropped as never })).rejects.toMatchObject({
        failure: { rule: 'malformed' },
      });
    }
    expect(await outcome({})).toBe('granted');
    expect(await outcome({}, { ...ask(500), proofs: undefined })).toBe('proofs-missing');
  });

  test('a policy that was narrowed is the one by which a reservation is committed and a lease renewed', async () => {
    const asset = memoryAsset();
    const { assets } = await assetsWith([asset]);
    const [first, second] = [await assets.reserve(ask(400)), await assets.reserve(ask(400))];
    if (!first.ok || !second.ok) throw new Error('it is free');
    expect((await assets.commit(first.claim.id, ask(1))).ok).toBe(true);
    await assets.setPolicy(asset.id, { ...openPolicy, level: 'p2p' });
    expect(await assets.commit(second.claim.id, ask(1))).toMatchObject({
      rejections: [{ code: 'not-reachable' }],
    });
    expect(await assets.renew(first.claim.id, ask(1), 1_000)).toMatchObject({
      rejections: [{ code: 'not-reachable' }],
    });
    const trusted = { ...ask(1), requester: { id: 'alice', isTrustedPeer: true } };
    expect((await assets.renew(first.claim.id, trusted, 1_000)).ok).toBe(true);
  });

  test('a verified asset wants the proofs looked at again when a lease is committed and when it is renewed', async () => {
    const { assets, clock } = await assetsWith([memoryAsset()], {
      policy: { ...openPolicy, allocation: 'verified' },
      startMs: 1_000_000,
    });
    const fresh = () => ask(10, { durationMs: 600_000, atMs: clock.nowMs() });
    expect(await assets.reserve(ask(10))).toMatchObject({ rejections: [{ code: 'proofs-stale' }] });
    const first = fresh();
    const held = await assets.reserve(first, { ttlMs: 200_000 });
    if (!held.ok) throw new Error('it is free');
    clock.advance(60_001);
    expect(await assets.commit(held.claim.id, first)).toMatchObject({
      rejections: [{ code: 'proofs-stale' }],
    });
    expect((await assets.commit(held.claim.id, fresh())).ok).toBe(true);
    clock.advance(60_001);
    expect(await assets.renew(held.claim.id, first, 1_000)).toMatchObject({ ok: false });
    expect(await assets.renew(held.claim.id, ask(1, { atMs: clock.nowMs() + 1 }), 1_000)).toMatchObject({
      ok: false,
    });
    expect((await assets.renew(held.claim.id, fresh(), 1_000)).ok).toBe(true);
  });

  test('rules are looked at in order, reach first, so that a stranger learns nothing of load or price', () => {
    const all: Partial<Policy> = {
      shareBp: 0,
      maxLeases: 0,
      maxDurationMs: 0,
      price: { amount: 9n, units: 1 },
    };
    expect(code({ ...all, level: 'p2p' })).toBe('not-reachable');
    expect(code({ ...all, level: 'p2p' }, { leased: -1 })).toBe('not-reachable');
    expect(code({ ...all }, {}, { proofs: undefined })).toBe('proofs-missing');
    expect(code(all)).toBe('over-share');
    expect(code({ ...all, shareBp: 10_000 })).toBe('too-many-leases');
    expect(code({ ...all, shareBp: 10_000, maxLeases: 1 })).toBe('too-long');
    expect(code({ ...all, shareBp: 10_000, maxLeases: 1, maxDurationMs: 1_000 })).toBe('price-too-low');
  });

  test('prices are exact, rounded up, and nothing for the owner', () => {
    const price = { amount: 7n, units: 1_000 };
    expect(priceOf({ ...openPolicy, price }, 100, 1_000)).toBe(1n);
    expect(priceOf({ ...openPolicy, price }, 1_000, 10_000)).toBe(70n);
    expect(code({ price }, {}, { maxPrice: 0n })).toBe('price-too-low');
    expect(code({ price }, {}, { maxPrice: 1n })).toBe('granted');
    expect(code({ price }, {}, { relation: 'self' })).toBe('granted');
  });

  test('operating hours hold over midnight and say when they open', () => {
    // 1970-01-01 was a Thursday, day 4.
    const minute = 60_000;
    const hours = [{ days: [4], fromMinute: 1_380, toMinute: 60 }];
    const open = (atMinute: number) => code({ hours }, {}, {}, atMinute * minute) === 'granted';
    expect([1_379, 1_380, 1_439, 1_440, 1_499, 1_500].map(open)).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
    const closed = decide({ ...openPolicy, hours }, usage, request, at);
    expect(closed).toMatchObject({ code: 'outside-hours', remedy: 'ask again at 1970-01-01T23:00:00.000Z' });
  });
});

describe('a decision', () => {
  const whole = fc.nat(2_000);
  const policies = fc.record({
    shareBp: fc.nat(10_000),
    maxLeases: fc.nat(5),
    maxLeasesEach: fc.nat(5),
    maxDurationMs: whole,
  });
  const usages = fc.record({
    capacity: whole,
    leased: whole,
    leases: fc.nat(6),
    leasesOfRequester: fc.nat(6),
  });

  test('never grants beyond share, numbers or duration, and names a rule and a remedy when it denies', () => {
    fc.assert(
      fc.property(policies, usages, whole, whole, (policy, used, quantity, durationMs) => {
        const decision = decide({ ...openPolicy, ...policy }, used, { ...request, quantity, durationMs }, at);
        const fits =
          quantity >= 1 &&
          durationMs >= 1 &&
          durationMs <= policy.maxDurationMs &&
          used.leased + quantity <= Math.floor((used.capacity * policy.shareBp) / 10_000) &&
          used.leases < policy.maxLeases &&
          used.leasesOfRequester < policy.maxLeasesEach;
        expect(decision.ok).toBe(fits);
        if (!decision.ok) expect([decision.rule, decision.remedy]).not.toContain('');
      }),
    );
  });

  test('is never a grant for anything malformed', () => {
    const junk = fc.oneof(
      fc.constant(Number.NaN),
      fc.constant(-1),
      fc.constant(0.5),
      fc.constant('1'),
      fc.constant(undefined),
      fc.constant(2 ** 60),
    );
    fc.assert(
      fc.property(fc.constantFrom('quantity', 'durationMs'), junk, (field, value) => {
        expect(code({}, {}, { [field]: value })).not.toBe('granted');
      }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('capacity', 'leased', 'leases', 'leasesOfRequester'),
        junk,
        (field, value) => {
          expect(code({}, { [field]: value })).not.toBe('granted');
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('spaceBytes', 'stakePower', 'workBits', 'timeIterations', 'verifiedAtMs'),
        junk,
        (field, value) => {
          if (field.endsWith('s') && value === 2 ** 60) return;
          if (field === 'verifiedAtMs' && typeof value === 'number' && !Number.isNaN(value)) return;
          expect(code({}, {}, { proofs: { ...floor, verifiedAtMs: 0, [field]: value } })).not.toBe('granted');
        },
      ),
    );
    fc.assert(
      fc.property(fc.anything(), (policy) => {
        expect(decide(policy, usage, request, at).ok).toBe(false);
      }),
    );
    for (const relation of ['', 'owner', 'constructor', undefined])
      expect(code({}, {}, { relation: relation as never })).toBe('request-invalid');
    expect(code({}, {}, {}, Number.NaN)).toBe('request-invalid');
  });

  test('is the same for the same arguments, and changes none of them', () => {
    const frozen = Object.freeze({ ...openPolicy });
    for (const relation of relations) {
      const asked = Object.freeze({ ...request, relation });
      expect(decide(frozen, Object.freeze(usage), asked, at)).toEqual(decide(frozen, usage, asked, at));
    }
  });

  test('lets out a share that is rounded down, exactly, also of the largest capacity', () => {
    expect(lendable(3, 5_000)).toBe(1);
    expect(lendable(Number.MAX_SAFE_INTEGER, 10_000)).toBe(Number.MAX_SAFE_INTEGER);
    expect(lendable(Number.MAX_SAFE_INTEGER, 3_333)).toBe(
      Number((BigInt(Number.MAX_SAFE_INTEGER) * 3_333n) / 10_000n),
    );
  });
});
