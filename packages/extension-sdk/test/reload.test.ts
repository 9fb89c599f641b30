import { describe, expect, it } from 'vitest';
import { createTestHost, signedPackage, type TestHost } from '../src/testing/index.ts';

const version = (number: number, state: string) => `
const waiting = [];
export const extension = { id: 'acme.counter', state: ${state}, ops: {
  'counter.add': { run: (by, ctx) => { ctx.state = { ...ctx.state, n: ctx.state.n + by }; return ctx.state.n; } },
  'counter.read': { run: (p, ctx) => ({ version: ${number}, state: ctx.state }) },
  'counter.wait': { needs: ['asset:read'], run: (p, ctx) => ctx.caps['asset:read'].wait().then(() => 'version ${number}') },
}${number === 3 ? ", onLoad() { throw new Error('not today'); }" : ''} };`;
const first = version(1, '{ version: 1, initial: () => ({ n: 0 }) }');
const second = version(
  2,
  '{ version: 2, initial: () => ({ n: 0, since: 2 }), migrate: (old, from) => ({ ...old, since: from }) }',
);

describe.each(['trusted', 'strict'] as const)('an extension in the tier %s', (tier) => {
  const pack = (test: TestHost, number: number, entry: string) =>
    signedPackage(
      { id: 'acme.counter', version: `${number}.0.0`, entry, tier, required: ['asset:read'] },
      test.signer,
    );
  const open = async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const wait = () => {
      entered.resolve();
      return gate.promise;
    };
    const test = createTestHost({ capabilities: { 'asset:read': { wait } } });
    expect(await test.host.load([{ files: await pack(test, 1, first) }])).toMatchObject([{ ok: true }]);
    const call = (method: string, params: unknown = null) =>
      test.host.handle({ client: 'me', method: `counter.${method}`, params });
    return { test, call, gate, entered: entered.promise };
  };

  it('is replaced while it runs: state is carried and migrated, and calls under way finish in the old one [ext-07]', async () => {
    const { test, call, gate, entered } = await open();
    await using _ = test;
    expect(await call('add', 5)).toMatchObject({ result: 5 });
    const underWay = call('wait');
    await entered;
    const reload = test.host.reload({ files: await pack(test, 2, second) });
    const after = call('read');
    gate.resolve();
    expect(await underWay).toEqual({ status: 'success', result: 'version 1' });
    expect(await reload).toMatchObject({
      ok: true,
      info: { version: '2.0.0', generation: 2, state: 'active' },
    });
    // It may have been taken before the gate was closed, and then the old one answered.
    expect(await after).toMatchObject({ status: 'success' });
    expect(await call('read')).toEqual({
      status: 'success',
      result: { version: 2, state: { n: 5, since: 1 } },
    });
  });

  it('goes on as it was where its successor cannot begin', async () => {
    const { test, call } = await open();
    await using _ = test;
    await call('add', 2);
    const failing = await pack(test, 3, version(3, '{ version: 1, initial: () => ({ n: 0 }) }'));
    expect(await test.host.reload({ files: failing })).toMatchObject({ ok: false, code: 'on-load-failed' });
    const tampered = new Map(await pack(test, 2, second)).set('extension.mjs', Buffer.from(first));
    expect(await test.host.reload({ files: tampered })).toMatchObject({ ok: false, code: 'file-changed' });
    expect(await call('read')).toEqual({ status: 'success', result: { version: 1, state: { n: 2 } } });
    const older = version(4, 'undefined');
    expect(await test.host.reload({ files: await pack(test, 4, older) })).toMatchObject({ ok: true });
  });

  it('exports its state encrypted; the newest comes back, an older one is refused [ext-08]', async () => {
    const { memoryCounters } = await import('../src/host/index.ts');
    const counters = memoryCounters();
    const key = new Uint8Array(32).fill(7);
    const make = (over: object = {}) =>
      createTestHost({
        state: { key, counters },
        capabilities: { 'asset:read': { wait: () => undefined } },
        ...over,
      });
    await using test = make();
    await test.host.load([{ files: await pack(test, 1, first) }]);
    const call = (method: string, params: unknown = null) =>
      test.host.handle({ client: 'me', method: `counter.${method}`, params });
    await call('add', 41);
    const older = await test.host.exportState('acme.counter');
    await call('add', 1);
    const newest = await test.host.exportState('acme.counter');
    expect(Buffer.from(newest).toString('latin1')).not.toContain('"n"');
    await call('add', 100);
    expect(await test.host.importState('acme.counter', older)).toEqual({ ok: false, reason: 'rolled-back' });
    expect(await test.host.importState('acme.counter', newest)).toEqual({ ok: true });
    expect(await call('read')).toMatchObject({ result: { state: { n: 42 } } });
    // Another host of the same operator restores it into the next version, which migrates it.
    await using other = make();
    await other.host.load([{ files: await pack(other, 2, second) }]);
    expect(await other.host.importState('acme.counter', newest)).toEqual({ ok: true });
    expect(await other.host.handle({ client: 'me', method: 'counter.read' })).toMatchObject({
      result: { state: { n: 42, since: 1 } },
    });
    await using stranger = make({ state: { key: new Uint8Array(32), counters: memoryCounters() } });
    await stranger.host.load([{ files: await pack(stranger, 1, first) }]);
    expect(await stranger.host.importState('acme.counter', newest)).toEqual({
      ok: false,
      reason: 'not-authentic',
    });
  });
});
