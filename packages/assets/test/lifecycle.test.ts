import {
  type AssetEvent,
  type AssetState,
  type AuthorRole,
  assetStates,
  createEvent,
  createMemoryJournal,
  eventHash,
  firstHead,
  type HistoryHead,
  stateTable,
  transitionFrom,
  transitionNames,
  verifyHistory,
} from '@hypermesh/assets';
import { toHex } from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ask, assetsWith, memoryAsset, openPolicy, signer, stranger } from './support.ts';

const { id } = memoryAsset();
const roles: readonly AuthorRole[] = ['owner', 'adapter', 'lessee', 'ledger'];

/** Every step that may be, written down apart from the table: FROM -NAME/AUTHOR-> TO. */
const allowed = new Set(
  `registered -announce/ledger-> available
registered -maintain/owner-> maintenance
registered -fail/adapter-> failed
registered -retire/owner-> retired
available -allocate/ledger-> allocated
available -suspend/owner-> suspended
available -maintain/owner-> maintenance
available -fail/adapter-> failed
available -retire/owner-> retired
allocated -activate/lessee-> active
allocated -release/lessee-> available
allocated -reclaim/ledger-> available
allocated -suspend/owner-> suspended
allocated -fail/adapter-> failed
active -deactivate/lessee-> allocated
active -release/lessee-> available
active -reclaim/ledger-> available
active -suspend/owner-> suspended
active -fail/adapter-> failed
suspended -resume/owner-> available
suspended -maintain/owner-> maintenance
suspended -fail/adapter-> failed
suspended -retire/owner-> retired
maintenance -restore/owner-> available
maintenance -fail/adapter-> failed
maintenance -retire/owner-> retired
failed -recover/adapter-> available
failed -maintain/owner-> maintenance
failed -retire/owner-> retired`.split('\n'),
);

const everyStep = assetStates.flatMap((from) =>
  transitionNames.flatMap((name) => roles.map((by) => ({ from, name, by }))),
);

const history = (steps: readonly (readonly [string, AuthorRole])[]) => {
  let head: HistoryHead = firstHead(id);
  const events: AssetEvent[] = [];
  for (const [transition, by] of steps) {
    const event = createEvent(id, head, { transition, by, author: 'test', atMs: events.length });
    events.push(event);
    head = { state: event.to, sequence: event.sequence, hash: eventHash(event) };
  }
  return { head, events };
};

describe('the state table', () => {
  test('allows the steps that are written down, by their one author, and refuses every other with a reason [assets-02]', () => {
    const found = everyStep.flatMap(({ from, name, by }) => {
      const step = transitionFrom(from, name, by);
      return step.ok ? [`${from} -${name}/${by}-> ${step.to}`] : [];
    });
    expect(new Set(found)).toEqual(allowed);
    expect(transitionFrom('available', 'explode', 'owner')).toEqual({ ok: false, reason: 'unknown' });
    expect(transitionFrom('available', 'toString', 'owner')).toEqual({ ok: false, reason: 'unknown' });
    for (const { from, name, by } of everyStep) {
      const step = transitionFrom(from, name, by);
      if (step.ok) continue;
      expect(() =>
        createEvent(id, { ...firstHead(id), state: from }, { transition: name, by, author: '', atMs: 0 }),
      ).toThrow(expect.objectContaining({ code: 'assets/forbidden-transition' }));
    }
  });

  test('leads from every state but the last to the end, and from nowhere out of it', () => {
    const reach = (from: AssetState, seen = new Set<AssetState>()): Set<AssetState> => {
      if (seen.has(from)) return seen;
      seen.add(from);
      for (const row of Object.values(stateTable))
        if ((row.from as readonly AssetState[]).includes(from)) reach(row.to, seen);
      return seen;
    };
    for (const state of assetStates) expect(reach(state).has('retired')).toBe(true);
    expect(reach('retired').size).toBe(1);
    expect(reach('registered').size).toBe(assetStates.length);
  });
});

describe('a history', () => {
  const steps = [
    ['announce', 'ledger'],
    ['allocate', 'ledger'],
    ['activate', 'lessee'],
    ['suspend', 'owner'],
    ['resume', 'owner'],
    ['retire', 'owner'],
  ] as const;

  test('verifies whole, and from any place in it', () => {
    const { head, events } = history(steps);
    expect(verifyHistory(id, events)).toEqual({ ok: true, head });
    const start = history(steps.slice(0, 2)).head;
    expect(verifyHistory(id, events.slice(2), start)).toEqual({ ok: true, head });
  });

  test('is refused at the place where an event was changed, dropped, moved or doubled', () => {
    const { events } = history(steps);
    const [first, second, third, ...rest] = events as [AssetEvent, AssetEvent, AssetEvent, ...AssetEvent[]];
    const fault = (changed: readonly AssetEvent[]) => {
      const verdict = verifyHistory(id, changed);
      return verdict.ok ? undefined : verdict.reason;
    };
    expect(fault([first, third])).toEqual({ at: 1, fault: 'sequence' });
    expect(fault([first, first])).toEqual({ at: 1, fault: 'sequence' });
    expect(fault([second, first])).toEqual({ at: 0, fault: 'sequence' });
    expect(fault([{ ...first, atMs: 7 }, second])).toEqual({ at: 1, fault: 'previous' });
    expect(fault([{ ...first, to: 'active' }])).toEqual({ at: 0, fault: 'state' });
    expect(fault([{ ...first, by: 'owner' }])).toEqual({ at: 0, fault: 'author' });
    expect(fault([{ ...first, transition: 'allocate' }])).toEqual({ at: 0, fault: 'from' });
    expect(fault([{ ...first, asset: memoryAsset(5).id }])).toEqual({ at: 0, fault: 'asset' });
    expect(fault([first, second, third, ...rest])).toBeUndefined();
  });
});

describe('assets in their journal', () => {
  test('stand after a restart as they stood before, after any walk through the table [assets-02]', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            at: fc.nat(2),
            step: fc.constantFrom(...transitionNames),
            by: fc.constantFrom(...roles),
          }),
          {
            maxLength: 25,
          },
        ),
        async (walk) => {
          const store = { records: [] as Uint8Array[] };
          const list = [memoryAsset(0), memoryAsset(1), memoryAsset(2)];
          const { assets } = await assetsWith(list, { journal: createMemoryJournal(store) });
          const model = new Map<string, AssetState>(list.map((asset) => [asset.id, 'available']));
          for (const { at, step, by } of walk) {
            const asset = list[at] as (typeof list)[number];
            const state = model.get(asset.id) as AssetState;
            const author = by === 'owner' ? toHex(signer.publicKey) : 'test';
            const isLeaseStep = ['allocate', 'activate', 'deactivate', 'release', 'reclaim'].includes(step);
            const next = [...allowed]
              .find((row) => row.startsWith(`${state} -${step}/${by}->`))
              ?.split('> ')[1];
            const outcome = assets.transition(asset.id, step, { role: by, author });
            if (next === undefined || isLeaseStep)
              await expect(outcome).rejects.toMatchObject({ code: 'assets/forbidden-transition' });
            else {
              await outcome;
              model.set(asset.id, next as AssetState);
            }
          }
          const { assets: again } = await assetsWith([], { journal: createMemoryJournal(store) });
          for (const asset of list) {
            expect(again.find(asset.id)?.state).toBe(model.get(asset.id));
            expect(again.history(asset.id)).toEqual(assets.history(asset.id));
            const { start, events } = again.history(asset.id);
            expect(verifyHistory(asset.id, events, start).ok).toBe(true);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('follow their leases: allocated by the first, active in use, available after the last', async () => {
    const asset = memoryAsset();
    const { assets, clock } = await assetsWith([asset]);
    const state = () => assets.find(asset.id)?.state;
    const use = { requester: { id: 'alice' }, proofs: ask(1).proofs };
    const take = async () => {
      const held = await assets.reserve(ask(100));
      if (!held.ok) throw new Error('it is free');
      return held.claim.id;
    };
    const [first, second] = [await take(), await take()];
    expect(state()).toBe('available');
    await assets.commit(first, use);
    expect(state()).toBe('allocated');
    await assets.commit(second, use, { isActive: true });
    expect(state()).toBe('active');
    await assets.setActive(second, false);
    expect(state()).toBe('allocated');
    await assets.release(first);
    expect(state()).toBe('allocated');
    clock.advance(60_001);
    expect(state()).toBe('available');
    expect(assets.history(asset.id).events.map(({ transition }) => transition)).toEqual([
      'announce',
      'allocate',
      'activate',
      'deactivate',
      'reclaim',
    ]);
  });

  test('lose their leases when they are suspended, fail or retire, and the whole bundle with them', async () => {
    const [one, other] = [memoryAsset(0), memoryAsset(1)];
    const { assets } = await assetsWith([one, other]);
    const held = await assets.reserve({
      ...ask(1),
      needs: [
        { kind: 'memory', quantity: 10, asset: one.id },
        { kind: 'memory', quantity: 10, asset: other.id },
      ],
    });
    if (!held.ok) throw new Error('it is free');
    await assets.commit(held.claim.id, ask(1));
    expect(assets.find(other.id)?.state).toBe('allocated');
    await assets.transition(one.id, 'fail', { role: 'adapter', author: 'probe' });
    expect(assets.claims()).toEqual([]);
    expect([one, other].map(({ id: asset }) => assets.find(asset)?.state)).toEqual(['failed', 'available']);
  });

  test('take steps of the owner from the owner alone, and assets of nobody else', async () => {
    const asset = memoryAsset();
    const { assets } = await assetsWith([asset]);
    const by = { role: 'owner', author: toHex(stranger.publicKey) } as const;
    await expect(assets.transition(asset.id, 'suspend', by)).rejects.toMatchObject({
      failure: { reason: 'author' },
    });
    await expect(assets.transition(memoryAsset(9).id, 'suspend', by)).rejects.toMatchObject({
      code: 'assets/unknown-asset',
    });
    const foreign = { ...asset, record: { ...asset.record, owner: stranger.publicKey } };
    await expect(assets.register(foreign, openPolicy)).rejects.toMatchObject({ code: 'assets/not-owner' });
    expect(await assets.register(asset, openPolicy)).toBe(false);
  });

  test('keep the last events and the place from which they lead on, and a rewritten journal the place alone', async () => {
    const asset = memoryAsset();
    const store = { records: [] as Uint8Array[] };
    const inner = createMemoryJournal(store);
    const { assets } = await assetsWith([asset], {
      journal: Object.defineProperty({ ...inner }, 'sizeBytes', { get: () => 16 << 20 }),
    });
    const author = toHex(signer.publicKey);
    for (let turn = 0; turn < 50; turn += 1) {
      await assets.transition(asset.id, 'suspend', { role: 'owner', author });
      await assets.transition(asset.id, 'resume', { role: 'owner', author });
    }
    const { start, events } = assets.history(asset.id);
    expect([start.sequence, events.length]).toEqual([37, 64]);
    const { assets: again } = await assetsWith([], { journal: createMemoryJournal(store) });
    expect(verifyHistory(asset.id, events, start)).toMatchObject({ ok: true, head: { sequence: 101 } });
    expect(again.find(asset.id)?.state).toBe('available');
  });
});
