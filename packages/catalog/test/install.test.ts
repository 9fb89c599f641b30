import { utf8 } from '@hypermesh/core';
import { describe, expect, test } from 'vitest';
import { createCatalog, packageHandlers, parseLock } from '../src/index.ts';
import { createMemoryMesh } from '../src/testing/index.ts';
import { noise, type PackageSketch, sourceOf } from './fixtures/sources.ts';

/** Alice publishes, Bob installs. */
async function meshWith(...sketches: readonly PackageSketch[]) {
  const mesh = createMemoryMesh();
  const [first, , , last] = mesh.nodes;
  if (first === undefined || last === undefined) throw new Error('four nodes');
  const alice = createCatalog(first.ports);
  const bob = createCatalog(last.ports);
  for (const sketch of sketches) await alice.publish(sourceOf(sketch));
  return { mesh, alice, bob, publisher: first, node: last };
}

const chain: readonly PackageSketch[] = [
  { name: 'left', version: '1.0.0' },
  { name: 'left', version: '1.2.0' },
  { name: 'left', version: '2.0.0' },
  { name: 'middle', dependencies: { left: '^1.0.0' } },
  { name: 'top', dependencies: { middle: '^1.0.0', left: '>=1.0.0' }, files: { 'main.js': noise(70_000) } },
];

describe('installing', () => {
  test('brings a package published on one node to another: bytes equal, assets registered and active [catalog-01]', async () => {
    const files = { 'lib/main.js': noise(90_000), 'README.md': utf8('# alpha\n') };
    const { bob, node } = await meshWith({
      name: 'alpha',
      files,
      entrypoint: 'lib/main.js',
      tags: ['first'],
    });
    const [hit] = await bob.search({ text: 'first' });
    expect(hit).toMatchObject({ key: 'alpha@1.0.0', verified: true });
    const result = await bob.install('alpha');
    expect(result.packages).toHaveLength(1);
    expect(result).toMatchObject({ bytes: 90_008, reused: 0, rejectedChunks: 0 });
    expect(result.moved).toBeGreaterThanOrEqual(90_008);
    const [installed] = await bob.list();
    expect(installed).toMatchObject({ name: 'alpha', version: '1.0.0', requested: '*' });
    const asset = await node.ports.assets.get(installed?.assets[0] ?? '');
    expect(asset?.state).toBe('active');
    const tree = node.trees.get(installed?.digest ?? '');
    expect(tree).toEqual(Uint8Array.from([...files['README.md'], ...files['lib/main.js']]));
    expect(await bob.verify('alpha', { deep: true })).toMatchObject({ ok: true });
  });

  test('takes what the solver chooses, and the lock file gives exactly that again', async () => {
    const { alice, bob } = await meshWith(...chain);
    const { packages, lock, ordered } = await bob.install('top@^1.0.0');
    expect(packages.map(({ package: { name, version } }) => `${name}@${version}`).sort()).toEqual([
      'left@1.2.0',
      'middle@1.0.0',
      'top@1.0.0',
    ]);
    expect(ordered?.height).toBeGreaterThan(0);
    const parsed = parseLock(lock);
    expect(parsed.ok && parsed.lock.requirements).toEqual({ top: '^1.0.0' });
    await alice.publish(sourceOf({ name: 'left', version: '1.3.0' }));
    const again = await bob.install([], { lock, frozen: true });
    expect(again.lock).toBe(lock);
    expect(again.packages.every(({ already }) => already)).toBe(true);
    expect(again.ordered).toBeUndefined();
  });

  test('frozen fails where the lock file would change, and says how', async () => {
    const { bob } = await meshWith(...chain);
    const { lock } = await bob.install('left@^1.0.0');
    const frozen = bob.install('top', { lock, frozen: true });
    await expect(frozen).rejects.toMatchObject({ code: 'catalog/lock-changed' });
    await expect(bob.install('left', { frozen: true })).rejects.toMatchObject({
      code: 'catalog/lock-changed',
    });
    await expect(bob.install('left', { lock: 'packages: [' })).rejects.toMatchObject({
      code: 'catalog/bad-lock',
    });
  });

  test('a lock file that names another digest than the index is believed, not the index', async () => {
    const { bob } = await meshWith({ name: 'alpha' }, { name: 'beta' });
    const { lock } = await bob.install('alpha');
    const other = (await bob.install('beta')).packages[0]?.package.digest ?? '';
    const digest = (await bob.list()).find(({ name }) => name === 'alpha')?.digest ?? '';
    const forged = lock.replace(digest, other);
    expect(forged).not.toBe(lock);
    const refused = bob.install([], { lock: forged });
    await expect(refused).rejects.toMatchObject({ code: 'catalog/refused', failure: { check: 'record' } });
  });

  test('why shows the paths from what was asked for, and remove refuses what others need', async () => {
    const { bob } = await meshWith(...chain);
    await bob.install('top');
    expect(await bob.why('left')).toEqual([
      ['top@1.0.0', 'left@1.2.0'],
      ['top@1.0.0', 'middle@1.0.0', 'left@1.2.0'],
    ]);
    await expect(bob.why('nothing')).rejects.toMatchObject({ code: 'catalog/not-installed' });
    await expect(bob.remove('left')).rejects.toMatchObject({
      code: 'catalog/in-use',
      failure: { by: ['middle@1.0.0', 'top@1.0.0'] },
    });
    const [asset] = (await bob.remove('top')).assets;
    expect(asset).toBeTypeOf('string');
    expect((await bob.list()).map(({ name }) => name)).toEqual(['left', 'middle']);
  });

  test('a conflict is explained, and a package that nobody published is another failure', async () => {
    const { bob } = await meshWith(...chain);
    await expect(bob.install(['middle', 'left@^2.0.0'])).rejects.toMatchObject({
      code: 'catalog/conflict',
      failure: { explanation: expect.stringContaining('left') },
    });
    await expect(bob.install('nothing')).rejects.toMatchObject({ code: 'catalog/not-found' });
    await expect(bob.install('left@^9.0.0')).rejects.toMatchObject({
      code: expect.stringMatching(/not-found|conflict/),
    });
    await expect(bob.install('left@not a range')).rejects.toMatchObject({ code: 'catalog/bad-argument' });
    expect(await bob.list()).toEqual([]);
  });

  test('many installations at once share one download and one operation', async () => {
    const { mesh, bob } = await meshWith({ name: 'alpha', files: { 'a.js': noise(200_000) } });
    const results = await Promise.all(Array.from({ length: 12 }, () => bob.install('alpha')));
    expect(results.filter(({ ordered }) => ordered !== undefined)).toHaveLength(1);
    // The record, its bundle and the content: each moved once.
    expect(mesh.content.downloads()).toBe(3);
    expect(mesh.index.installations).toHaveLength(1);
  });

  test('one of several that gives up leaves the others their download', async () => {
    const { bob } = await meshWith({ name: 'alpha', files: { 'a.js': noise(500_000) } });
    const abort = new AbortController();
    const given = bob.install('alpha', {
      signal: abort.signal,
      onEvent: ({ type }) => type === 'fetching' && abort.abort(new Error('enough')),
    });
    const kept = bob.install('alpha');
    await expect(given).rejects.toThrow('enough');
    expect((await kept).packages).toHaveLength(1);
  });

  test('a poisoned copy is refetched elsewhere and never stored [catalog-04]', async () => {
    const { mesh, bob, publisher, node } = await meshWith({
      name: 'alpha',
      files: { 'a.js': noise(50_000) },
    });
    const { release } = await bob.info('alpha');
    const { content } = release.record;
    const poisoned = mesh.content.stored(publisher.id).get(content);
    poisoned?.fill(0, 10, 20);
    const result = await bob.install('alpha');
    expect(result.rejectedChunks).toBe(1);
    expect(result.peers.map((peer) => peer.node)).not.toContain(publisher.id);
    expect(mesh.content.stored(node.id).get(content)).not.toEqual(poisoned);
  });

  test('a copy on the own disk that is damaged is fetched anew while it is unpacked', async () => {
    const { mesh, bob, node } = await meshWith({ name: 'alpha', files: { 'a.js': noise(50_000) } });
    await bob.obtain('alpha@1.0.0');
    const { content } = (await bob.resolve('alpha')).record;
    mesh.content.stored(node.id).get(content)?.fill(0, 10, 20);
    const result = await bob.install('alpha');
    expect(result.moved).toBe(50_000);
    expect(await bob.verify('alpha', { deep: true })).toMatchObject({ ok: true });
  });

  test('nothing is installed where the operation is refused, and resume has nothing to do', async () => {
    const { mesh, bob } = await meshWith({ name: 'alpha' });
    mesh.index.refuseNext('stake', 'no-bond');
    await expect(bob.install('alpha')).rejects.toMatchObject({
      code: 'catalog/proof-refused',
      failure: { leg: 'stake' },
    });
    expect(await bob.list()).toEqual([]);
    expect(await bob.resume()).toEqual([]);
  });

  test('that was cut off after its operation is finished by a new process, with no second operation', async () => {
    const { mesh, bob, node } = await meshWith(...chain);
    const { assets } = node.ports;
    let registrations = 0;
    const dying = createCatalog({
      ...node.ports,
      assets: {
        ...assets,
        register: (asset, options) => {
          registrations++;
          if (registrations === 2) throw new Error('power is lost');
          return assets.register(asset, options);
        },
      },
    });
    await expect(dying.install('top')).rejects.toThrow('power is lost');
    expect(mesh.index.installations).toHaveLength(1);
    const restarted = createCatalog(node.ports);
    const [result] = await restarted.resume();
    expect(result?.packages).toHaveLength(3);
    expect((await bob.list()).map(({ name }) => name)).toEqual(['left', 'middle', 'top']);
    expect(mesh.index.installations).toHaveLength(1);
    expect(await restarted.resume()).toEqual([]);
  });

  test('that cannot be finished does not keep another one that was cut off from being finished', async () => {
    const { bob, node } = await meshWith({ name: 'alpha' }, { name: 'beta' });
    const { assets } = node.ports;
    const failing = (fails: (name: string) => boolean) =>
      createCatalog({
        ...node.ports,
        assets: {
          ...assets,
          register: (asset, options) => {
            if (fails(JSON.stringify(asset))) throw new Error('no place for it');
            return assets.register(asset, options);
          },
        },
      });
    const dying = failing(() => true);
    for (const name of ['alpha', 'beta']) await expect(dying.install(name)).rejects.toThrow('no place');
    await expect(failing((text) => text.includes('alpha')).resume()).rejects.toThrow('no place for it');
    expect((await bob.list()).map(({ name }) => name)).toEqual(['beta']);
    expect(await bob.resume()).toHaveLength(1);
    expect((await bob.list()).map(({ name }) => name)).toEqual(['alpha', 'beta']);
  });

  test('a package that its handler refuses is not ordered and not installed', async () => {
    const { mesh, bob } = await meshWith({ name: 'image', type: 'container.docker' });
    await expect(bob.install('image')).rejects.toMatchObject({
      code: 'catalog/refused',
      failure: { check: 'asset' },
    });
    expect(mesh.index.installations).toEqual([]);
  });

  test('every type has a handler that takes a sound package of it', async () => {
    const names = packageHandlers.map(({ name }) => name);
    expect(names).toEqual(['VirtualMachine', 'Container', 'Library', 'Dataset']);
    const sketches: readonly PackageSketch[] = [
      { name: 'vm', type: 'vm.wasm', files: { 'main.wasm': noise(9) } },
      {
        name: 'oci',
        type: 'container.docker',
        files: { 'index.json': utf8('{}'), 'oci-layout': utf8('{}') },
      },
      { name: 'lib', type: 'library.python', files: { 'main.py': utf8('print(1)') } },
      { name: 'data', type: 'dataset.scientific', files: { 'data.csv': utf8('1\n') } },
    ];
    const { bob } = await meshWith(...sketches);
    const { packages } = await bob.install(sketches.map(({ name }) => name));
    expect(packages).toHaveLength(4);
  });

  test('obtaining brings a package with what it depends on, pinned, and installs nothing', async () => {
    const { alice, bob } = await meshWith(...chain);
    const locked = await bob.lockOf('top@1.0.0');
    expect(locked).toEqual({ left: '1.2.0', middle: '1.0.0' });
    await alice.publish(sourceOf({ name: 'left', version: '1.9.0' }));
    const here = await bob.obtain('top@1.0.0', { locked });
    expect(await here.readFile('main.js')).toEqual(noise(70_000));
    const left = here.dependencies.get('middle')?.dependencies.get('left');
    expect(left?.key).toBe('left@1.2.0');
    expect(new TextDecoder().decode(await left?.readFile('index.js'))).toContain('left 1.2.0');
    await expect(here.readFile('none.js')).rejects.toMatchObject({ code: 'catalog/no-such-file' });
    expect(await bob.list()).toEqual([]);
  });

  test('still comes to its end while three providers in ten go and come [catalog-04]', async () => {
    const mesh = createMemoryMesh({ nodes: 10 });
    const [first, second] = mesh.nodes;
    if (first === undefined || second === undefined) throw new Error('ten nodes');
    const alice = createCatalog(first.ports, { copies: 9 });
    await alice.publish(sourceOf({ name: 'alpha', files: { 'a.js': noise(400_000) } }));
    // The installing node has its own copy taken away: all must come over.
    mesh.content.stored(second.id).clear();
    let step = 0;
    const churn = () => {
      step++;
      for (const [at, { id }] of mesh.nodes.entries())
        if (at > 1) mesh.content.setDown(id, (at + step) % 10 < 3);
    };
    churn();
    mesh.content.setDown(first.id, true);
    const result = await createCatalog(second.ports).install('alpha', { onEvent: churn });
    expect(result.bytes).toBe(400_000);
    expect(step).toBeGreaterThan(5);
  });
});
