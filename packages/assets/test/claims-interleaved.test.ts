import { createMemoryJournal, type Journal, lendable } from '@hypermesh/assets';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ask, assetsWith, memoryAsset, openPolicy } from './support.ts';

type Action =
  | { readonly do: 'reserve'; readonly quantities: readonly number[]; readonly ttlMs: number }
  | { readonly do: 'commit' | 'renew' | 'release' | 'revoke' | 'use'; readonly pick: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'share'; readonly pick: number; readonly bp: number }
  | { readonly do: 'restart' };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      quantities: fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 3 }),
      ttlMs: fc.integer({ min: 1, max: 2_000 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'commit' as const,
        'renew' as const,
        'release' as const,
        'revoke' as const,
        'use' as const,
      ),
      pick: fc.nat(9),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(1_500) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('share' as const), pick: fc.nat(2), bp: fc.nat(10_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

describe('claims under any interleaving', () => {
  test('never take more than there is, grant nothing above the share, and survive restarts as answered', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(action, { minLength: 1, maxLength: 4 }), { maxLength: 12 }),
        async (rounds) => {
          const store = { records: [] as Uint8Array[] };
          const journal = (): Journal => createMemoryJournal(store);
          const list = [memoryAsset(0, 500), memoryAsset(1, 1_000), memoryAsset(2, 300)];
          let { assets, clock } = await assetsWith(list, { journal: journal() });
          const known = new Map<string, number>();
          const run = async (one: Action) => {
            const ids = [...known.keys()];
            const id = 'pick' in one ? (ids[one.pick % Math.max(1, ids.length)] ?? 'none') : 'none';
            switch (one.do) {
              case 'reserve': {
                const needs = one.quantities.map((quantity) => ({ kind: 'memory', quantity }));
                const answer = await assets.reserve(
                  { ...ask(1, { durationMs: 900 }), needs },
                  { ttlMs: one.ttlMs },
                );
                if (!answer.ok) return expect(answer.rejections).not.toEqual([]);
                known.set(answer.claim.id, answer.claim.expiresAtMs);
                return undefined;
              }
              case 'commit': {
                const answer = await assets.commit(id, ask(1));
                return answer.ok ? known.set(id, answer.claim.expiresAtMs) : undefined;
              }
              case 'renew': {
                const answer = await assets.renew(id, ask(1), 700);
                return answer.ok ? known.set(id, answer.claim.expiresAtMs) : undefined;
              }
              case 'use':
                return assets.setActive(id, true);
              case 'release':
              case 'revoke':
                await assets[one.do](id);
                return known.delete(id);
              case 'pass':
                return clock.advance(one.ms);
              case 'share': {
                const asset = list[one.pick] as (typeof list)[number];
                return assets.setPolicy(asset.id, { ...openPolicy, shareBp: one.bp });
              }
              case 'restart':
                return undefined;
              default:
                return one satisfies never;
            }
          };
          for (const round of rounds) {
            const before = new Map(assets.list().map(({ asset, usage }) => [asset.id, usage.leased]));
            const isNarrowed = round.some((one) => one.do === 'share');
            // All of a round begin before any of them is answered.
            await Promise.all(round.map(run));
            if (round.some((one) => one.do === 'restart')) {
              const nowMs = clock.nowMs();
              ({ assets, clock } = await assetsWith([], { journal: journal(), startMs: nowMs }));
            }
            const live = new Set(assets.claims().map(({ id }) => id));
            for (const [id, expiresAtMs] of known) if (expiresAtMs <= clock.nowMs()) known.delete(id);
            expect(live).toEqual(new Set(known.keys()));
            for (const { asset, usage, policy, state } of assets.list()) {
              const sum = assets
                .claims()
                .flatMap(({ items }) => items)
                .filter((item) => item.asset === asset.id)
                .reduce((total, { quantity }) => total + quantity, 0);
              expect(usage.leased).toBe(sum);
              expect(sum).toBeLessThanOrEqual(usage.capacity);
              if (!isNarrowed && sum > (before.get(asset.id) ?? 0))
                expect(sum).toBeLessThanOrEqual(lendable(usage.capacity, policy.shareBp));
              const states = assets
                .claims()
                .filter(({ items }) => items.some((item) => item.asset === asset.id))
                .map((claim) => claim.state);
              expect(state).toBe(
                states.includes('active')
                  ? 'active'
                  : states.includes('committed')
                    ? 'allocated'
                    : 'available',
              );
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
