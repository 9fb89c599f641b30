import { createManualClock } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import type { ExtensionEvent } from '../src/host/index.ts';
import type { PackageFiles } from '../src/sign/index.ts';
import { createTestHost, signedPackage, type TestHost } from '../src/testing/index.ts';
import { compileGuest } from './guest.ts';

const source = (family: string, over = '') => `export const extension = { id: 'acme.${family}',
  state: { version: 1, initial: () => ({ n: 0 }) }, ops: {
    '${family}.add': { run: (by, ctx) => { ctx.state = { n: ctx.state.n + by }; return ctx.state.n; } },
    '${family}.wait': { needs: ['asset:read'], run: (p, ctx) => ctx.caps['asset:read'].wait().then(() => 'done') },
  }${over} };`;
const pack = (test: TestHost, family: string, over: object = {}) =>
  signedPackage(
    { id: `acme.${family}`, entry: source(family), required: ['asset:read'], ...over },
    test.signer,
  );
const idleMs = 60_000;

/** A host whose time stands still until it is moved, and a disk that counts how often it is read. */
function open() {
  const clock = createManualClock(1_000);
  const gate = Promise.withResolvers<void>();
  const test = createTestHost({
    clock,
    restAfterMs: idleMs,
    capabilities: { 'asset:read': { wait: () => gate.promise } },
  });
  const disk = { files: new Map() as PackageFiles, reads: 0 };
  const reread = async () => {
    disk.reads++;
    return disk.files;
  };
  const events: ExtensionEvent[] = [];
  test.host.on((event) => events.push(event));
  const call = (method: string, params: unknown = null) => test.host.handle({ client: 'me', method, params });
  const isResting = (id = 'acme.counter') => test.host.get(id)?.isResting;
  /** Moves time, and waits until the changes that it began are done. */
  const pass = async (ms: number) => {
    clock.advance(ms);
    await test.host.load([]);
  };
  return { test, clock, gate, disk, reread, events, call, isResting, pass };
}

describe('an extension that nobody calls', () => {
  it('is let go from memory after its time, and brought back by the next call with its state [ext-12]', async () => {
    const { test, disk, reread, events, call, isResting, pass } = open();
    await using _ = test;
    disk.files = await pack(test, 'counter');
    expect(await test.host.load([{ files: disk.files, reread }])).toMatchObject([{ ok: true }]);
    expect(await call('counter.add', 5)).toMatchObject({ result: 5 });
    await pass(idleMs - 1);
    expect(isResting()).toBe(false);
    await pass(1);
    expect(isResting()).toBe(true);
    // It is told and listed as before: only its code is gone.
    expect(test.host.get('acme.counter')).toMatchObject({
      state: 'active',
      methods: ['counter.add', 'counter.wait'],
      granted: ['asset:read'],
    });
    expect(test.host.get('acme.counter')?.quotas).toContainEqual(
      expect.objectContaining({ quota: 'memory', used: 0 }),
    );
    expect(disk.reads).toBe(0);
    expect(await Promise.all([call('counter.add', 1), call('counter.add', 1)])).toEqual([
      { status: 'success', result: 6 },
      { status: 'success', result: 7 },
    ]);
    expect(disk.reads).toBe(1);
    expect(test.host.get('acme.counter')).toMatchObject({ isResting: false, wakeMs: expect.any(Number) });
    expect(events.slice(-2)).toMatchObject([
      { event: 'rest', to: 'active', reason: 'idle' },
      { event: 'wake', to: 'active' },
    ]);
    await pass(idleMs);
    expect(isResting()).toBe(true);
  });

  it('is not let go while a call runs, nor sooner than its time after the last one', async () => {
    const { test, call, gate, isResting, pass } = open();
    await using _ = test;
    await test.host.load([{ files: await pack(test, 'counter') }]);
    await pass(idleMs - 1);
    await call('counter.add', 1);
    await pass(1);
    expect(isResting()).toBe(false);
    const running = call('counter.wait');
    await pass(5_000);
    await pass(idleMs);
    expect(isResting()).toBe(false);
    gate.resolve();
    await running;
    await pass(idleMs);
    await pass(idleMs);
    expect(isResting()).toBe(true);
  });

  it('is not brought back with other bytes than those that were verified, and is when they are there again', async () => {
    const { test, disk, reread, call } = open();
    await using _ = test;
    const good = await pack(test, 'counter');
    disk.files = good;
    await test.host.load([{ files: good, reread }]);
    await test.host.rest('acme.counter');
    disk.files = new Map(good).set('extension.mjs', Buffer.from(source('counter', ', evil: 1')));
    expect(await call('counter.add', 1)).toEqual({
      status: 'failed',
      code: 'changed',
      detail: 'it cannot be brought back: its files are not as they were signed',
    });
    // Not even by who could sign: what runs is what was loaded.
    disk.files = await pack(test, 'counter', { version: '1.0.1' });
    expect(await call('counter.add', 1)).toMatchObject({ status: 'failed', code: 'changed' });
    expect(test.audit.records.at(-1)).toMatchObject({ event: 'call.failed', detail: { code: 'changed' } });
    disk.files = good;
    expect(await call('counter.add', 1)).toEqual({ status: 'success', result: 1 });
  });

  it("of hm-abi-1 rests, too; one in the host's process says that it cannot", async () => {
    const { test, call } = open();
    await using _ = test;
    const entry = await compileGuest();
    await test.host.load([
      {
        files: await signedPackage(
          { id: 'acme.guest', type: 'wasm', entry, required: ['asset:read'] },
          test.signer,
        ),
      },
      { files: await pack(test, 'local', { tier: 'trusted' }) },
    ]);
    expect(await call('guest.count')).toEqual({ status: 'success', result: 1 });
    await test.host.rest('acme.guest');
    await test.host.rest('acme.local');
    expect(test.host.list().map(({ id, canRest, isResting }) => ({ id, canRest, isResting }))).toEqual([
      { id: 'acme.guest', canRest: true, isResting: true },
      { id: 'acme.local', canRest: false, isResting: false },
    ]);
    expect(await call('guest.count')).toEqual({ status: 'success', result: 2 });
    expect(await call('local.add', 2)).toEqual({ status: 'success', result: 2 });
  });

  it('can be replaced, suspended and unloaded while it rests; its hook still runs', async () => {
    const { test, call, isResting } = open();
    await using _ = test;
    const closing = ", onUnload(ctx) { ctx.log.info('closed'); }";
    await test.host.load([{ files: await pack(test, 'counter', { entry: source('counter', closing) }) }]);
    await call('counter.add', 3);
    await test.host.rest('acme.counter');
    const next = await pack(test, 'counter', { version: '2.0.0', entry: source('counter', closing) });
    expect(await test.host.reload({ files: next })).toMatchObject({ ok: true, info: { generation: 2 } });
    expect(await call('counter.add', 1)).toEqual({ status: 'success', result: 4 });
    await test.host.suspend('acme.counter', 'the operator says so');
    await test.host.rest('acme.counter');
    expect(test.host.get('acme.counter')).toMatchObject({ isResting: true, reason: 'the operator says so' });
    expect(await call('counter.add', 1)).toMatchObject({ code: 'suspended', detail: 'the operator says so' });
    await test.host.activate('acme.counter');
    expect(isResting()).toBe(true);
    expect(await call('counter.add', 1)).toEqual({ status: 'success', result: 5 });
    await test.host.rest('acme.counter');
    const unloading = test.host.unload('acme.counter');
    expect(await call('counter.add', 1)).toMatchObject({
      status: expect.stringMatching(/failed|method_not_found/),
    });
    expect(await unloading).toEqual({ ok: true });
    expect(await call('counter.add', 1)).toMatchObject({ status: 'method_not_found' });
  });

  it('makes room for others: more scripts can be loaded than have a place in memory at once', async () => {
    const { test, call } = open();
    await using _ = test;
    const families = Array.from({ length: 10 }, (_, at) => `n${at}`);
    for (const family of families)
      expect(await test.host.load([{ files: await pack(test, family) }])).toMatchObject([{ ok: true }]);
    for (const family of families) expect(await call(`${family}.add`, 1)).toMatchObject({ result: 1 });
    for (const family of families) expect(await call(`${family}.add`, 1)).toMatchObject({ result: 2 });
    expect(test.host.list().filter(({ isResting }) => !isResting).length).toBeLessThanOrEqual(8);
  }, 60_000);
});

describe('what stands behind an extension', () => {
  it('is told: what it asked for, its operations with the words and schemas of its manifest, and its refusals [ext-12]', async () => {
    await using test = createTestHost({ capabilities: { 'asset:read': { wait: () => undefined } } });
    const input = { type: 'integer', minimum: 1 };
    const operations = { 'counter.add': { summary: 'Adds to the counter', input } };
    const [loaded] = await test.host.load([
      { files: await pack(test, 'counter', { operations, optional: ['fs:read'] }) },
    ]);
    expect(loaded).toMatchObject({
      info: {
        asked: { required: ['asset:read'], optional: ['fs:read'] },
        operations: [
          { name: 'counter.add', needs: [], proof: false, summary: 'Adds to the counter', input },
          { name: 'counter.wait', needs: ['asset:read'], proof: false },
        ],
        denials: { count: 0 },
      },
    });
    test.host.revoke('acme.counter', 'asset:read');
    await test.host.handle({ client: 'me', method: 'counter.wait' });
    expect(test.host.get('acme.counter')?.denials).toMatchObject({
      count: 1,
      newest: [{ event: 'request.denied', detail: { method: 'counter.wait', client: 'me' } }],
    });
    const told = { 'counter.gone': { summary: 'is not there' } };
    expect(await test.host.load([{ files: await pack(test, 'other', { operations: told }) }])).toMatchObject([
      { ok: false, code: 'undeclared-operation' },
    ]);
  });

  it('is measured against its limits while it runs', async () => {
    await using test = createTestHost({ capabilities: { 'asset:read': { wait: () => undefined } } });
    await test.host.load([
      { files: await pack(test, 'counter', { limits: { cpu_percent: 100, memory_mb: 32 } }) },
    ]);
    for (let at = 0; at < 20; at++)
      await test.host.handle({ client: 'me', method: 'counter.add', params: 1 });
    const used = new Map(test.host.get('acme.counter')?.quotas.map((quota) => [quota.quota, quota.used]));
    expect(used.get('memory')).toBeGreaterThan(65_536);
    expect(used.get('memory')).toBeLessThanOrEqual(32 * 2 ** 20);
    expect(used.get('cpu')).toBeGreaterThan(0);
    expect(used.get('concurrency')).toBe(0);
    expect(used.get('calls')).toBeGreaterThan(0);
  });

  it('that does not begin in its time is refused, and a host that is closed waits for nobody', async () => {
    const hanging = (family: string) => source(family, ', onLoad() { for (;;); }');
    await using test = createTestHost({ startDeadlineMs: 300, capabilities: { 'asset:read': {} } });
    expect(
      await test.host.load([{ files: await pack(test, 'slow', { entry: hanging('slow') }) }]),
    ).toMatchObject([{ ok: false, code: 'on-load-failed' }]);
    const patient = createTestHost({ startDeadlineMs: 600_000, capabilities: { 'asset:read': {} } });
    const entry = source('slow', ', onLoad(ctx) { return new Promise(() => undefined); }');
    const begun = new Promise<void>((resolve) => {
      patient.host.on(({ event }) => {
        if (event === 'load') resolve();
      });
    });
    const loading = patient.host.load([{ files: await pack(patient, 'slow', { tier: 'trusted', entry }) }]);
    await begun;
    await patient[Symbol.asyncDispose]();
    expect(await loading).toMatchObject([{ ok: false, code: 'on-load-failed' }]);
    await expect(patient.host.load([])).rejects.toMatchObject({ code: 'extension/closed' });
  });
});
