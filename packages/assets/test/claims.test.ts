import { type Ask, createMemoryJournal, type Journal } from '@hypermesh/assets';
import { describe, expect, test } from 'vitest';
import { ask, assetsWith, cpuAsset, memoryAsset, openPolicy } from './support.ts';

const bundle = (cpu: number, memory: number): Ask => ({
  ...ask(1),
  needs: [
    { kind: 'cpu', quantity: cpu },
    { kind: 'memory', quantity: memory },
  ],
});

async function held(assets: Awaited<ReturnType<typeof assetsWith>>['assets'], wanted: Ask) {
  const answer = await assets.reserve(wanted);
  if (!answer.ok) throw new Error(JSON.stringify(answer.rejections));
  return answer.claim;
}

describe('a bundle', () => {
  test('is held whole or not at all, and says per asset why not', async () => {
    const [cpu, memory] = [cpuAsset(), memoryAsset()];
    const { assets } = await assetsWith([cpu, memory]);
    const refused = await assets.reserve(bundle(1_000_000, 1_001));
    expect(refused).toMatchObject({
      ok: false,
      rejections: [
        {
          need: 1,
          asset: memory.id,
          kind: 'memory',
          code: 'over-capacity',
          rule: 'capacity 1000',
          canWait: false,
        },
      ],
    });
    expect(assets.claims()).toEqual([]);
    expect(assets.find(cpu.id)?.usage.leased).toBe(0);
    const claim = await held(assets, bundle(1_000_000, 1_000));
    expect(claim.items).toEqual([
      { asset: cpu.id, kind: 'cpu', quantity: 1_000_000 },
      { asset: memory.id, kind: 'memory', quantity: 1_000 },
    ]);
    expect(assets.explain(bundle(1, 1))).toMatchObject([{ code: 'over-share', canWait: true, position: 1 }]);
    await assets.release(claim.id);
    expect(assets.explain(bundle(1, 1))).toEqual([]);
  });

  test('is placed by attributes, and a choice that stands in the way of a later need is taken back', async () => {
    const [small, large] = [memoryAsset(0, 100), memoryAsset(1, 1_000)];
    const { assets } = await assetsWith([large, small]);
    const picky: Ask = {
      ...ask(1),
      needs: [
        { kind: 'memory', quantity: 80 },
        { kind: 'memory', quantity: 950, where: { ge: ['bytes', 500] } },
      ],
    };
    const claim = await held(assets, picky);
    expect(claim.items.map(({ asset }) => asset)).toEqual([small.id, large.id]);
    await assets.release(claim.id);
    expect(
      await assets.reserve({
        ...picky,
        needs: [{ kind: 'memory', quantity: 1, where: { eq: ['bytes', 7] } }],
      }),
    ).toMatchObject({
      rejections: [{ code: 'no-match' }, { code: 'no-match' }],
    });
    expect(await assets.reserve({ ...picky, needs: [{ kind: 'gpu', quantity: 1 }] })).toMatchObject({
      rejections: [{ asset: 'gpu', code: 'no-asset', rule: 'no gpu is registered here' }],
    });
  });

  test('does not take twice what is there once, within itself or against others', async () => {
    const { assets } = await assetsWith([memoryAsset()]);
    const twice: Ask = {
      ...ask(1),
      needs: [
        { kind: 'memory', quantity: 600 },
        { kind: 'memory', quantity: 600 },
      ],
    };
    expect((await assets.reserve(twice)).ok).toBe(false);
    const answers = await Promise.all(Array.from({ length: 20 }, () => assets.reserve(ask(300))));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(3);
    expect(assets.list()[0]?.usage.leased).toBe(900);
  });

  test('that would be searched for too long is refused', async () => {
    const many = Array.from({ length: 12 }, (_, number) => memoryAsset(number, 10));
    const { assets } = await assetsWith(many);
    const needs = [
      ...Array.from({ length: 12 }, () => ({ kind: 'memory', quantity: 10 })),
      { kind: 'memory', quantity: 1 },
    ];
    const answer = await assets.reserve({ ...ask(1), needs });
    expect(answer.ok).toBe(false);
    if (!answer.ok) expect(answer.rejections.map(({ code }) => code)).toContain('search-budget');
  });

  test('in no form is refused and not thrown', async () => {
    const { assets } = await assetsWith([memoryAsset()]);
    const good = ask(1);
    const cases: readonly Ask[] = [
      { ...good, needs: [] },
      { ...good, needs: Array.from({ length: 17 }, () => ({ kind: 'memory', quantity: 1 })) },
      { ...good, needs: [{ kind: 'memory', quantity: 0 }] },
      { ...good, needs: [{ kind: 'memory', quantity: 0.5 }] },
      { ...good, needs: [{ kind: 'memory', quantity: 1, where: { near: [] } as never }] },
      { ...good, requester: { id: '' } },
      { ...good, requester: { id: 'x'.repeat(129) } },
      { ...good, requester: { id: '\ud800' } },
      { ...good, maxPrice: 2n ** 64n },
      { ...good, maxPrice: 1 as never },
      { ...good, durationMs: 0 },
      { ...good, durationMs: Number.POSITIVE_INFINITY },
    ];
    for (const one of cases) {
      expect(await assets.reserve(one)).toMatchObject({
        ok: false,
        rejections: [{ code: 'request-invalid' }],
      });
      expect(assets.explain(one)).toMatchObject([{ code: 'request-invalid' }]);
    }
  });

  test('costs the sum of its parts, which must be offered for the whole', async () => {
    const { assets } = await assetsWith([cpuAsset(), memoryAsset()], {
      policy: { ...openPolicy, price: { amount: 1n, units: 1 } },
    });
    const wanted = { ...bundle(1_000, 10), durationMs: 1_000 };
    expect(await assets.reserve({ ...wanted, maxPrice: 1_009n })).toMatchObject({
      rejections: [{ code: 'bundle-price', rule: 'price 1010' }, { code: 'bundle-price' }],
    });
    expect((await held(assets, { ...wanted, maxPrice: 1_010n })).price).toBe(1_010n);
  });
});

describe('a claim', () => {
  test('that is not committed in time ends, and cannot be committed after', async () => {
    const { assets, clock } = await assetsWith([memoryAsset()]);
    const claim = await held(assets, ask(1_000));
    clock.advance(10_000);
    expect(assets.claims()).toEqual([]);
    expect(await assets.commit(claim.id, ask(1))).toMatchObject({ rejections: [{ code: 'no-claim' }] });
    expect((await assets.reserve(ask(1_000))).ok).toBe(true);
  });

  test('runs from its commit for its duration, is renewed from now, and ends by itself', async () => {
    const { assets, clock } = await assetsWith([memoryAsset()]);
    const { id } = await held(assets, ask(1_000, { durationMs: 60_000 }));
    clock.advance(5_000);
    await assets.commit(id, ask(1));
    clock.advance(59_999);
    expect(await assets.renew(id, ask(1), 30_000)).toMatchObject({ ok: true });
    clock.advance(29_999);
    expect(assets.claims()).toHaveLength(1);
    clock.advance(1);
    expect(assets.claims()).toEqual([]);
  });

  test('is reserved for a whole number of milliseconds from 1 to ten minutes', async () => {
    const { assets, clock } = await assetsWith([memoryAsset()]);
    for (const ttlMs of [0, -1, 0.5, Number.NaN, 600_001])
      await expect(assets.reserve(ask(1), { ttlMs })).rejects.toMatchObject({ code: 'assets/bad-argument' });
    const answer = await assets.reserve(ask(1), { ttlMs: 600_000 });
    expect(answer).toMatchObject({ claim: { expiresAtMs: clock.nowMs() + 600_000 } });
  });

  test('is for its holder alone, and used in order', async () => {
    const { assets } = await assetsWith([memoryAsset()]);
    const { id } = await held(assets, ask(1));
    expect(await assets.commit(id, ask(1, { id: 'mallory' }))).toMatchObject({
      rejections: [{ code: 'not-holder' }],
    });
    expect(await assets.renew(id, ask(1), 1)).toMatchObject({ rejections: [{ code: 'no-claim' }] });
    expect(await assets.setActive(id, true)).toBe(false);
    expect((await assets.commit(id, ask(1))).ok).toBe(true);
    expect(await assets.commit(id, ask(1))).toMatchObject({ rejections: [{ code: 'no-claim' }] });
    expect(await assets.release(id)).toBe(true);
    expect(await assets.release(id)).toBe(false);
    expect(await assets.revoke('unknown')).toBe(false);
  });
});

describe('a queue', () => {
  test('serves those who want the same first come, first served, and lets nobody overtake', async () => {
    const { assets } = await assetsWith([memoryAsset(), cpuAsset()]);
    const first = await held(assets, ask(900));
    const positions: number[] = [];
    const large = assets.reserveWhenFree(ask(800, { id: 'bob' }), { onPosition: (at) => positions.push(at) });
    const small = assets.reserveWhenFree(ask(400, { id: 'carol' }), {
      onPosition: (at) => positions.push(at * 10),
    });
    await expect.poll(() => positions).toEqual([1, 1, 20]);
    expect(await assets.reserve(ask(50))).toMatchObject({ rejections: [{ code: 'queued', position: 3 }] });
    expect((await assets.reserve({ ...ask(1), needs: [{ kind: 'cpu', quantity: 1 }] })).ok).toBe(true);
    await assets.release(first.id);
    const served = await large;
    expect(served).toMatchObject({ ok: true, claim: { holder: 'bob' } });
    expect(positions.at(-1)).toBe(10);
    if (served.ok) await assets.release(served.claim.id);
    expect(await small).toMatchObject({ ok: true, claim: { holder: 'carol' } });
  });

  test('is left by an abort and by a policy that makes waiting useless', async () => {
    const asset = memoryAsset();
    const { assets } = await assetsWith([asset]);
    await held(assets, ask(900));
    const giving = new AbortController();
    const positions: number[] = [];
    const given = assets.reserveWhenFree(ask(800), { signal: giving.signal });
    given.catch(() => undefined);
    const barred = assets.reserveWhenFree(ask(800), { onPosition: (at) => positions.push(at) });
    await expect.poll(() => positions).toEqual([2]);
    giving.abort(new Error('no time'));
    await expect(given).rejects.toThrow('no time');
    expect(positions).toEqual([2, 1]);
    await assets.setPolicy(asset.id, { ...openPolicy, level: 'p2p' });
    expect(await barred).toMatchObject({ ok: false, rejections: [{ code: 'not-reachable' }] });
  });

  test('ends with the assets: who still waits is told', async () => {
    const { assets } = await assetsWith([memoryAsset()]);
    await held(assets, ask(1_000));
    let position = 0;
    const waiting = assets.reserveWhenFree(ask(1), {
      onPosition: (at) => {
        position = at;
      },
    });
    waiting.catch(() => undefined);
    await expect.poll(() => position).toBe(1);
    await assets[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject({ code: 'assets/closed' });
  });

  test('moves on when a claim runs out', async () => {
    const { assets, clock } = await assetsWith([memoryAsset()]);
    await held(assets, ask(1_000));
    let position = 0;
    const waiting = assets.reserveWhenFree(ask(1_000, { id: 'bob' }), {
      onPosition: (at) => {
        position = at;
      },
    });
    await expect.poll(() => position).toBe(1);
    clock.advance(10_000);
    expect(await waiting).toMatchObject({ ok: true, claim: { holder: 'bob' } });
  });
});

describe('claims', () => {
  test('of any price and holder can be written down: one asker cannot stop the journal of all', async () => {
    const price = { amount: 2n ** 63n, units: 1 };
    const { assets } = await assetsWith([memoryAsset()], { policy: { ...openPolicy, price } });
    const dear = { ...ask(1, { durationMs: 1_000 }), maxPrice: 2n ** 64n - 1n };
    expect(await assets.reserve({ ...dear, durationMs: 4_000, maxPrice: 2n ** 70n })).toMatchObject({
      rejections: [{ code: 'request-invalid' }],
    });
    const { id } = await held(assets, dear);
    expect((await assets.commit(id, dear)).ok).toBe(true);
    expect(await assets.commit(id, { ...dear, maxPrice: 2n ** 70n })).toMatchObject({ ok: false });
    expect(await assets.renew(id, { ...dear, maxPrice: 2n ** 70n }, 4_000)).toMatchObject({ ok: false });
    expect(await assets.renew(id, dear, 1_000)).toMatchObject({ ok: false });
    expect((await held(assets, dear)).price).toBe(2n ** 63n);
  });

  test('are refused from the first failure of the journal on', async () => {
    const inner = createMemoryJournal();
    let isBroken = false;
    const journal: Journal = Object.defineProperty(
      {
        ...inner,
        append: async (record: Uint8Array) => {
          if (isBroken) throw new Error('the disk is full');
          await inner.append(record);
        },
      },
      'sizeBytes',
      { get: () => 0 },
    );
    const { assets } = await assetsWith([memoryAsset()], { journal });
    await held(assets, ask(1));
    isBroken = true;
    await expect(assets.reserve(ask(1))).rejects.toMatchObject({ code: 'assets/journal-failed' });
    isBroken = false;
    await expect(assets.reserve(ask(1))).rejects.toMatchObject({ code: 'assets/journal-failed' });
    await assets[Symbol.asyncDispose]();
    await expect(assets.reserve(ask(1))).rejects.toMatchObject({ code: 'assets/closed' });
  });
});
