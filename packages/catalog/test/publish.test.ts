import { describe, expect, test } from 'vitest';
import { createCatalog, openIndexRecord } from '../src/index.ts';
import { createMemoryMesh } from '../src/testing/index.ts';
import { noise, sourceOf } from './fixtures/sources.ts';

function meshOf(nodes = 4) {
  const mesh = createMemoryMesh({ nodes });
  const catalogs = mesh.nodes.map(({ ports }) => createCatalog(ports));
  const [alice, bob] = catalogs;
  if (alice === undefined || bob === undefined) throw new Error('two nodes at least');
  return { mesh, catalogs, alice, bob };
}

describe('publishing', () => {
  test('is acknowledged when the record is final and two further nodes hold all of the package', async () => {
    const { mesh, alice } = meshOf();
    const result = await alice.publish(sourceOf({ name: 'alpha', files: { 'a.js': noise(40_000) } }));
    expect(result).toMatchObject({
      name: 'alpha',
      version: '1.0.0',
      bytes: 40_000,
      sequence: 1,
      finalized: true,
      already: false,
    });
    expect(result.copies).toBe(2);
    expect(result.signers).toHaveLength(1);
    for (const holder of result.holders) {
      for (const root of [result.content, result.record])
        expect(mesh.content.stored(holder).has(root)).toBe(true);
    }
    const entry = mesh.index.entries.get('alpha@1.0.0');
    expect(openIndexRecord(entry?.record ?? new Uint8Array())).toMatchObject({
      ok: true,
      record: { digest: result.digest },
    });
  });

  test('again is the same publication: nothing is signed or ordered twice', async () => {
    const { mesh, alice } = meshOf();
    const source = sourceOf({ name: 'alpha' });
    const first = await alice.publish(source);
    const second = await alice.publish(source);
    expect(second).toMatchObject({ already: true, digest: first.digest, sequence: 1, height: first.height });
    expect(second.signers).toEqual(first.signers);
    expect(mesh.index.entries.size).toBe(1);
  });

  test('other bytes under a published version are refused', async () => {
    const { alice } = meshOf();
    await alice.publish(sourceOf({ name: 'alpha' }));
    const changed = sourceOf({ name: 'alpha', files: { 'index.js': noise(10) } });
    await expect(alice.publish(changed)).rejects.toMatchObject({ code: 'catalog/version-exists' });
  });

  test('under a name of somebody else is refused and leaves nothing on the index', async () => {
    const { mesh, alice, bob } = meshOf();
    await alice.publish(sourceOf({ name: 'alpha' }));
    const squat = bob.publish(sourceOf({ name: 'alpha', version: '2.0.0' }));
    await expect(squat).rejects.toMatchObject({ code: 'catalog/name-taken' });
    expect([...mesh.index.entries.keys()]).toEqual(['alpha@1.0.0']);
  });

  test('with too few nodes to hold it leaves nothing on the index, and goes on when they are there', async () => {
    const { mesh, alice } = meshOf(4);
    for (const { id } of mesh.nodes.slice(2)) mesh.content.setDown(id, true);
    const source = sourceOf({ name: 'alpha' });
    await expect(alice.publish(source)).rejects.toMatchObject({ code: 'catalog/too-few-copies' });
    expect(mesh.index.entries.size).toBe(0);
    for (const { id } of mesh.nodes) mesh.content.setDown(id, false);
    expect(await alice.publish(source)).toMatchObject({ sequence: 1, copies: 2 });
  });

  test('that stopped before the record was ordered goes on with the same signatures in a new process', async () => {
    const { mesh, alice } = meshOf();
    const source = sourceOf({ name: 'alpha' });
    mesh.index.refuseNext('work', 'too-little');
    await expect(alice.publish(source)).rejects.toMatchObject({
      code: 'catalog/proof-refused',
      failure: { leg: 'work' },
    });
    expect(mesh.index.entries.size).toBe(0);
    const before = await alice.draft('alpha@1.0.0');
    const [node] = mesh.nodes;
    if (node === undefined) throw new Error('a node');
    const restarted = createCatalog(node.ports);
    const draft = await restarted.pack(source);
    expect(draft.value).toEqual(before.value);
    expect(await restarted.publish(draft)).toMatchObject({ sequence: 1, already: false });
  });

  test('of several packages at once gives each its own number without gaps', async () => {
    const { mesh, alice } = meshOf();
    const names = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
    const results = await Promise.all(names.map((name) => alice.publish(sourceOf({ name }))));
    expect(results.map(({ sequence }) => sequence).sort()).toEqual([1, 2, 3, 4, 5]);
    const { sequence } = await alice.info('alpha');
    expect(sequence).toEqual({ highest: 5, gaps: [], repeated: [] });
    expect(mesh.index.entries.size).toBe(5);
  });

  test('a draft whose number is taken meanwhile gets the next one, and is refused where it was proven', async () => {
    const { alice } = meshOf();
    const draft = await alice.pack(sourceOf({ name: 'alpha' }));
    const late = await alice.pack(sourceOf({ name: 'beta' }));
    expect([draft.sequence, late.sequence]).toEqual([1, 1]);
    await alice.publish(draft);
    const proven = alice.publish(late, { proof: 'for sequence 1' });
    await expect(proven).rejects.toMatchObject({
      code: 'catalog/proof-refused',
      failure: { leg: 'binding' },
    });
    expect(await alice.publish(late)).toMatchObject({ sequence: 2 });
  });

  test('tells what it does in order, as plain data', async () => {
    const { alice } = meshOf();
    const events: object[] = [];
    await alice.publish(sourceOf({ name: 'alpha' }), {
      onEvent: (event) => events.push(structuredClone(event)),
    });
    const types = events.map((event) => 'type' in event && event.type);
    expect(types).toEqual(['packing', 'storing', 'signing', 'replicating', 'ordering']);
  });

  test('an aborted signal ends it and leaves nothing on the index', async () => {
    const { mesh, alice } = meshOf();
    const publishing = alice.publish(sourceOf({ name: 'alpha' }), { signal: AbortSignal.abort() });
    await expect(publishing).rejects.toThrow();
    expect(mesh.index.entries.size).toBe(0);
  });
});
