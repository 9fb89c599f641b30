import { describe, expect, test } from 'vitest';
import { createCatalog } from '../src/index.ts';
import { createMemoryMesh } from '../src/testing/index.ts';
import { noise, sourceOf } from './fixtures/sources.ts';

async function installed() {
  const mesh = createMemoryMesh();
  const [first, , , node] = mesh.nodes;
  if (first === undefined || node === undefined) throw new Error('four nodes');
  await createCatalog(first.ports).publish(sourceOf({ name: 'alpha', files: { 'a.js': noise(30_000) } }));
  const catalog = createCatalog(node.ports);
  const { packages } = await catalog.install('alpha');
  const found = packages[0]?.package;
  if (found === undefined) throw new Error('installed');
  return { mesh, catalog, node, found };
}

const failedChecks = (report: { checks: readonly { check: string; ok: boolean }[] }) =>
  report.checks.flatMap(({ check, ok }) => (ok ? [] : [check]));

describe('verifying', () => {
  test('looks at every step from the index record down to the bytes of the tree', async () => {
    const { catalog } = await installed();
    const report = await catalog.verify('alpha', { deep: true });
    expect(report.checks.map(({ check }) => check)).toEqual([
      'index-record',
      'owner',
      'sequence',
      'record',
      'signature',
      'signers',
      'content',
      'tree',
      'asset',
    ]);
    expect(report).toMatchObject({ ok: true, key: 'alpha@1.0.0', deep: true });
  });

  test('a package that is published and not installed is verified as far as it is known', async () => {
    const { catalog, mesh } = await installed();
    const other = createCatalog(mesh.nodes[1]?.ports ?? (undefined as never));
    const report = await other.verify('alpha');
    expect(report.checks.map(({ check }) => check)).not.toContain('tree');
    expect(report.ok).toBe(true);
    await expect(catalog.verify('nothing')).rejects.toMatchObject({ code: 'catalog/not-found' });
  });

  test('one changed byte of a tree, of the content, and a missing asset are each found by a deep look', async () => {
    const { catalog, node, found, mesh } = await installed();
    const tree = node.trees.get(found.digest);
    tree?.set([1 ^ (tree[77] ?? 0)], 77);
    expect(failedChecks(await catalog.verify('alpha', { deep: true }))).toEqual(['tree']);
    expect((await catalog.verify('alpha')).ok).toBe(true);
    tree?.set([1 ^ (tree[77] ?? 0)], 77);
    await node.ports.assets.release(found.assets[0] ?? '');
    expect(failedChecks(await catalog.verify('alpha', { deep: true }))).toEqual(['asset']);
    mesh.content.stored(node.id).get(found.content)?.fill(9, 5, 6);
    expect(failedChecks(await catalog.verify('alpha', { deep: true }))).toEqual(['content', 'asset']);
    node.trees.clear();
    expect(failedChecks(await catalog.verify('alpha'))).toEqual(['tree', 'asset']);
  });

  test('an index that names another digest than was installed is not believed', async () => {
    const { catalog, mesh } = await installed();
    const [first] = mesh.nodes;
    const entry = mesh.index.entries.get('alpha@1.0.0');
    mesh.index.entries.delete('alpha@1.0.0');
    const publisher = createCatalog({ ...(first as NonNullable<typeof first>).ports });
    await publisher.publish(sourceOf({ name: 'alpha', files: { 'a.js': noise(10) } }));
    expect(entry).toBeDefined();
    expect(failedChecks(await catalog.verify('alpha'))).toEqual(['record']);
  });
});
