import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExtensionEvent } from '../src/host/index.ts';
import type { PackageFiles } from '../src/sign/index.ts';
import { createTestHost, signedPackage, type TestHost, type TestPackage } from '../src/testing/index.ts';

/** The groups of tests that the description of dynamic loading lists, under the names that it gives them. */
let test: TestHost;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hm-groups-'));
  test = createTestHost({
    capabilities: { 'asset:read': { get: (id: string) => Promise.resolve(`content of ${id}`) } },
    provides: { hypermesh: '1.0.0', 'stoq-transport': '1.0.0', trustchain: '1.0.0' },
  });
});
afterEach(async () => {
  await test[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const source = (id: string, answer = "'first'") => {
  const family = id.split('.').at(-1);
  return `export const extension = { id: '${id}', state: { version: 1, initial: () => 0 }, ops: {
    '${family}.read': { needs: ['asset:read'], run: (asset, ctx) => ctx.caps['asset:read'].get(asset) },
    '${family}.steal': { run: (asset, ctx) => ctx.caps['asset:write'].put(asset) },
    '${family}.count': { run: (p, ctx) => { ctx.state = ctx.state + 1; return [ctx.state, ${answer}]; } },
    '${family}.spin': { run: () => { for (;;) ; } },
    '${family}.bomb': { run: () => { const all = []; for (;;) all.push(new Uint8Array(1 << 20)); } },
  }, assets: { 'library.javascript': { actions: { validate: (asset) => asset.size < 100 } } } };`;
};
const pack = (over: Partial<TestPackage> = {}, answer?: string): Promise<PackageFiles> =>
  signedPackage(
    {
      id: 'hypermesh.sample',
      entry: source('hypermesh.sample', answer),
      required: ['asset:read'],
      assets: ['library'],
      dependencies: { hypermesh: '>=1.0.0', 'stoq-transport': '>=1.0.0' },
      limits: { memory_mb: 32, cpu_percent: 100 },
      ...over,
    },
    test.signer,
  );

function put(name: string, files: PackageFiles): void {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), bytes);
  }
}
const call = (method: string, params: unknown = null, deadlineMs?: number) =>
  test.host.handle({
    client: 'me',
    method: `sample.${method}`,
    params,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });

describe('Extension discovery and loading', () => {
  it('finds the extensions of a folder, loads the good ones and names what is wrong with the others [repo-01]', async () => {
    put('sample', await pack());
    const tampered = new Map(await pack({ id: 'hypermesh.tampered', entry: source('hypermesh.tampered') }));
    put('tampered', tampered.set('extension.mjs', Buffer.from('export const extension = {};')));
    put('unsigned', new Map([['manifest.json', Buffer.from('{}')]]));
    put('nothing', new Map([['readme.txt', Buffer.from('no manifest')]]));
    expect(await test.host.discover(folder)).toMatchObject([
      {
        id: 'hypermesh.sample',
        ok: true,
        info: { state: 'active', tier: 'strict', engine: 'quickjs', granted: ['asset:read'] },
      },
      { id: 'tampered', ok: false, code: 'file-changed', path: 'extension.mjs' },
      { id: 'unsigned', ok: false, code: 'no-signature' },
    ]);
    expect(test.host.handlers()).toEqual(new Map([['library.javascript', 'hypermesh.sample']]));
    expect(await test.host.discover(join(folder, 'nowhere'))).toEqual([]);
  });
});

describe('Hot reload functionality', () => {
  it('puts a new version in the place of one that runs, with its state [repo-01]', async () => {
    await test.host.load([{ files: await pack() }]);
    expect(await call('count')).toEqual({ status: 'success', result: [1, 'first'] });
    expect(await test.host.reload({ files: await pack({ version: '1.1.0' }, "'second'") })).toMatchObject({
      ok: true,
      info: { generation: 2, version: '1.1.0' },
    });
    expect(await call('count')).toEqual({ status: 'success', result: [2, 'second'] });
  });
});

describe('Resource limit enforcement', () => {
  it('ends what uses more time or memory than it may, and says of each limit how it is kept [repo-01]', async () => {
    await test.host.load([{ files: await pack() }]);
    expect(await call('bomb')).toMatchObject({
      status: 'failed',
      code: expect.stringMatching(/memory|error/),
    });
    expect(await call('spin', null, 700)).toMatchObject({
      status: 'failed',
      code: expect.stringMatching(/deadline|out-of-fuel/),
    });
    const quotas = test.host.get('hypermesh.sample')?.quotas ?? [];
    expect(quotas.map(({ quota, enforcement }) => `${quota} ${enforcement}`)).toEqual([
      'cpu hard',
      'memory hard',
      'storage hard',
      'network hard',
      'concurrency hard',
      'calls hard',
      'host-calls hard',
      'deadline hard',
    ]);
    expect(quotas.find(({ quota }) => quota === 'memory')).toMatchObject({ limit: 32 * 2 ** 20 });
  });
});

describe('Security capability checks', () => {
  it('let pass what was granted, refuse and record what was not [repo-01]', async () => {
    await test.host.load([{ files: await pack() }]);
    expect(await call('read', 'x')).toEqual({ status: 'success', result: 'content of x' });
    expect(await call('steal', 'x')).toMatchObject({ status: 'permission_denied' });
    expect(test.audit.records.at(-2)).toMatchObject({
      event: 'capability.denied',
      detail: { capability: 'asset:write', reason: 'not-granted' },
    });
    expect(
      await test.host.load([{ files: await pack({ id: 'hypermesh.greedy', required: ['vm:execute'] }) }]),
    ).toMatchObject([{ ok: false, code: 'capability-unavailable' }]);
  });
});

describe('Complete lifecycle testing', () => {
  it('goes through every state from discovery to nothing left [repo-01]', async () => {
    const events: ExtensionEvent[] = [];
    test.host.on((event) => events.push(event));
    put('sample', await pack());
    await test.host.discover(folder);
    expect(await call('read', 'x')).toMatchObject({ status: 'success' });
    expect(
      await test.host.asset('library.javascript', 'validate', { client: 'me', params: { size: 3 } }),
    ).toEqual({ status: 'success', result: true });
    await test.host.suspend('hypermesh.sample', 'test');
    await test.host.activate('hypermesh.sample');
    await test.host.unload('hypermesh.sample');
    expect(events.map(({ to }) => to)).toEqual([
      'verified',
      'resolved',
      'loaded',
      'active',
      'suspended',
      'active',
      'unloaded',
    ]);
    expect(test.host.list()).toEqual([]);
    expect(test.host.handlers().size).toBe(0);
    expect(await call('read', 'x')).toMatchObject({ status: 'method_not_found' });
  });
});
