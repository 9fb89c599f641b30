import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ExtensionEvent,
  type LifecycleEvent,
  type LifecycleState,
  transition,
  transitions,
} from '../src/host/index.ts';
import { createTestHost, signedPackage, type TestHost } from '../src/testing/index.ts';
import { compileGuest } from './guest.ts';

const source = (id: string, over = '') => {
  const family = id.split('.').at(-1);
  return `export const extension = { id: '${id}', ops: { '${family}.echo': { run: (p) => p } }, ${over} };`;
};
const pack = (test: TestHost, id: string, over: object = {}) =>
  signedPackage({ id, entry: source(id), tier: 'trusted', ...over }, test.signer);

function listen({ host }: TestHost): ExtensionEvent[] {
  const events: ExtensionEvent[] = [];
  host.on((event) => events.push(event));
  return events;
}

describe('the life of an extension', () => {
  it('goes only where the table leads, and nowhere from its two ends', () => {
    const events = new Set(Object.values(transitions).flatMap((each) => Object.keys(each)));
    const walk = fc.array(fc.constantFrom(...([...events] as LifecycleEvent[])), { maxLength: 30 });
    fc.assert(
      fc.property(walk, (path) => {
        let state: LifecycleState = 'discovered';
        for (const event of path) {
          const next = transition(state, event);
          expect(next.ok).toBe(transitions[state][event] !== undefined);
          if (!next.ok) continue;
          expect(['unloaded', 'failed']).not.toContain(state);
          state = next.state;
        }
      }),
    );
  });

  it('is told to listeners and written down, one record for one event', async () => {
    await using test = createTestHost();
    const events = listen(test);
    expect(await test.host.load([{ files: await pack(test, 'acme.life') }])).toMatchObject([
      { ok: true, id: 'acme.life' },
    ]);
    await test.host.suspend('acme.life', 'the operator says so');
    expect(await test.host.handle({ client: 'me', method: 'life.echo' })).toEqual({
      status: 'failed',
      code: 'suspended',
      detail: 'the operator says so',
    });
    expect(await test.host.activate('acme.life')).toEqual({ ok: true });
    expect(await test.host.handle({ client: 'me', method: 'life.echo', params: 1 })).toMatchObject({
      status: 'success',
    });
    expect(await test.host.unload('acme.life')).toEqual({ ok: true });
    expect(await test.host.handle({ client: 'me', method: 'life.echo' })).toMatchObject({
      status: 'method_not_found',
    });
    expect(events.map(({ event, to }) => `${event} ${to}`)).toEqual([
      'verify verified',
      'resolve resolved',
      'load loaded',
      'activate active',
      'suspend suspended',
      'resume active',
      'unload unloaded',
    ]);
    const records = test.audit.records.filter(({ event }) => event.startsWith('lifecycle.'));
    expect(records.map(({ event, detail }) => `${event.slice(10)} ${detail['to']}`)).toEqual(
      events.map(({ event, to }) => `${event} ${to}`),
    );
    await expect(test.host.suspend('acme.life', 'again')).rejects.toMatchObject({
      code: 'extension/not-found',
    });
  });

  it('begins in the order of dependencies, and ends in the other', async () => {
    await using test = createTestHost({ provides: { hypermesh: '1.0.0' } });
    const events = listen(test);
    const base = await pack(test, 'acme.base', { dependencies: { hypermesh: '>=1.0.0' } });
    const top = await pack(test, 'acme.top', { dependencies: { 'acme.base': '^1.0.0' } });
    expect(await test.host.load([{ files: top }, { files: base }])).toMatchObject([
      { id: 'acme.base', ok: true },
      { id: 'acme.top', ok: true },
    ]);
    expect(events.filter(({ event }) => event === 'activate').map(({ extension }) => extension)).toEqual([
      'acme.base',
      'acme.top',
    ]);
    expect(await test.host.unload('acme.base')).toEqual({
      ok: false,
      reason: { code: 'needed-by', by: ['acme.top'] },
    });
  });

  it('does not begin for the ones that cannot, and does for the others [ext-03]', async () => {
    await using test = createTestHost();
    const needing = (id: string, ...needs: string[]) =>
      pack(test, id, { dependencies: Object.fromEntries(needs.map((each) => [each, '*'])) });
    const failing = await pack(test, 'acme.failing', {
      entry: source('acme.failing', 'onLoad() { throw new Error("no database"); }'),
    });
    const outcomes = await test.host.load([
      { files: await needing('acme.a', 'acme.b') },
      { files: await needing('acme.b', 'acme.a') },
      { files: await needing('acme.leaning', 'acme.failing') },
      { files: failing },
      { files: await needing('acme.fine') },
      { files: await needing('acme.lost', 'acme.nowhere') },
    ]);
    expect(outcomes.map((each) => (each.ok ? `${each.id} ok` : `${each.id} ${each.code}`))).toEqual([
      'acme.a dependency-cycle',
      'acme.b dependency-cycle',
      'acme.failing on-load-failed',
      'acme.fine ok',
      'acme.leaning dependency-refused',
      'acme.lost dependency-missing',
    ]);
    expect(outcomes[0]).toMatchObject({ cycle: ['acme.a', 'acme.b', 'acme.a'] });
    expect(test.host.list().map(({ id }) => id)).toEqual(['acme.fine']);
  });

  it.each([
    ['another id than its manifest', source('acme.other'), {}, 'id-mismatch'],
    [
      'operations under another name',
      source('acme.odd').replace('odd.echo', 'catalog.echo'),
      {},
      'entry-refused',
    ],
    ['no extension', 'export const nothing = 1;', {}, 'entry-refused'],
    ['a syntax error', 'export const = 1;', {}, 'entry-refused'],
    ['an import that is not there', "import 'left-pad'; export const extension = {};", {}, 'entry-refused'],
    [
      'a type of assets that it does not provide',
      source('acme.odd', "assets: { 'vm.wasm': { actions: {} } }"),
      {},
      'undeclared-asset',
    ],
    ['a module that is none', source('acme.odd'), { type: 'wasm', tier: 'strict' }, 'entry-refused'],
    [
      'a bad default configuration',
      source('acme.odd'),
      { files: { 'config/default.toml': 'a = = 1' } },
      'bad-configuration',
    ],
  ])('does not begin where the package has %s', async (_, entry, over, code) => {
    await using test = createTestHost();
    expect(await test.host.load([{ files: await pack(test, 'acme.odd', { entry, ...over }) }])).toMatchObject(
      [{ ok: false, code }],
    );
    expect(test.host.list()).toEqual([]);
    expect(test.audit.records.at(-1)).toMatchObject({ event: 'package.refused', detail: { code } });
  });

  it('does not begin in the tier trusted for a signer that is not pinned, and never for a native library', async () => {
    await using test = createTestHost({ policy: { pinned: ['somebody'], grants: [], callers: [] } });
    expect(await test.host.load([{ files: await pack(test, 'acme.odd') }])).toMatchObject([
      { ok: false, code: 'not-pinned' },
    ]);
    const { signPackage } = await import('../src/sign/index.ts');
    const files = new Map(await pack(test, 'acme.odd', { files: { 'catalog.so': 'ELF' } }));
    const text = Buffer.from(files.get('manifest.json') ?? [])
      .toString()
      .replace('extension.mjs', 'catalog.so');
    const signed = await signPackage(files.set('manifest.json', Buffer.from(text)), test.signer);
    expect(signed.ok && (await test.host.load([{ files: signed.files }]))).toMatchObject([
      { ok: false, code: 'native-library' },
    ]);
  });

  it('is not begun twice, nor with operations that another serves', async () => {
    await using test = createTestHost();
    const files = await pack(test, 'acme.words');
    expect(await test.host.load([{ files }, { files }])).toMatchObject([{ ok: false, code: 'duplicate-id' }]);
    expect(await test.host.load([{ files }])).toMatchObject([{ ok: true }]);
    expect(await test.host.load([{ files }])).toMatchObject([{ ok: false, code: 'already-loaded' }]);
    expect(await test.host.load([{ files: await pack(test, 'other.words') }])).toMatchObject([
      { ok: false, code: 'method-taken' },
    ]);
  });

  it('leaves nothing behind, however often it begins and ends', async () => {
    await using test = createTestHost({ capabilities: { 'asset:read': { get: () => Promise.resolve(1) } } });
    const trusted = await pack(test, 'acme.words', { required: ['asset:read'] });
    const strict = await pack(test, 'acme.guest', {
      tier: 'strict',
      type: 'wasm',
      entry: await compileGuest(),
      optional: ['asset:read'],
    });
    const once = async () => {
      expect(await test.host.load([{ files: trusted }, { files: strict }])).toMatchObject([
        { ok: true },
        { ok: true },
      ]);
      expect(await test.host.handle({ client: 'me', method: 'words.echo', params: 1 })).toMatchObject({
        status: 'success',
      });
      await test.host.unload('acme.words');
      await test.host.unload('acme.guest');
    };
    const resources = () => process.getActiveResourcesInfo().filter((each) => each !== 'Immediate').length;
    for (let at = 0; at < 10; at++) await once();
    const before = resources();
    for (let at = 0; at < 50; at++) await once();
    expect(resources()).toBeLessThanOrEqual(before);
    expect(test.host.list()).toEqual([]);
    expect(test.host.handlers().size).toBe(0);
  }, 60_000);
});
