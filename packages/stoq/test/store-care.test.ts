import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChunkId, ContentRoot } from '@hypermesh/core';
import { createManualClock, createSeededRandom } from '@hypermesh/core/testing';
import {
  type ContentStore,
  createMemoryStore,
  type DiskStore,
  fetchContent,
  openDiskStore,
  publish,
  scrub,
  verifyContent,
} from '@hypermesh/stoq/content';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planCollection, type StoredRoot } from '../src/content/collect.ts';
import { bytesOf, openSwarm } from './swarm-support.ts';

const random = (length: number, seed: number): Uint8Array => createSeededRandom(seed).bytes(length);
let folder = '';
let folders = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stoq-care-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function openCare(options: { graceMs?: number } = {}) {
  folders += 1;
  const dir = join(folder, String(folders));
  const clock = createManualClock(Date.now());
  const store = await openDiskStore(dir, { clock, ...options });
  return { dir, clock, store };
}
const rootsOf = async (store: ContentStore): Promise<ContentRoot[]> => {
  const roots: ContentRoot[] = [];
  for await (const root of store.roots()) roots.push(root);
  return roots.sort();
};
/** Flips a bit of a stored chunk, as a disk does. */
async function damage(dir: string, id: string): Promise<void> {
  const path = join(dir, 'chunks', id);
  const bytes = await readFile(path);
  bytes[7] = (bytes[7] ?? 0) ^ 4;
  await writeFile(path, bytes);
}

describe('the garbage collector', () => {
  it('drops what was used longest ago, keeps what is pinned, and never takes a chunk that a root needs', async () => {
    const { store, clock, dir } = await openCare({ graceMs: 0 });
    const shared = random(400_000, 1);
    const roots: ContentRoot[] = [];
    for (let seed = 2; seed < 6; seed += 1) {
      const { root } = await publish(store, Buffer.concat([shared, random(200_000, seed)]));
      roots.push(root);
      clock.advance(120_000);
      await store.manifest(root);
    }
    const [oldest, second, third, newest] = roots as [ContentRoot, ContentRoot, ContentRoot, ContentRoot];
    await store.pin(oldest);
    expect(await store.usage()).toMatchObject({ roots: 4, pinned: 1 });
    // Reading is using: the second becomes the newest of all.
    clock.advance(120_000);
    await bytesOf(store, second);
    const collected = await store.collect({ maxBytes: 1_150_000 });
    expect(collected.dropped).toEqual([third]);
    expect(collected.freedBytes).toBeGreaterThan(150_000);
    expect(await rootsOf(store)).toEqual([oldest, second, newest].sort());
    for (const root of [oldest, second, newest])
      expect(await verifyContent(store, root)).toMatchObject({ ok: true });
    const onDisk = await readdir(join(dir, 'chunks'));
    expect((await store.usage()).bytes).toBe(collected.keptBytes);
    expect(onDisk.length).toBeGreaterThan(0);
    await store.collect({ maxBytes: 0 });
    expect(await rootsOf(store)).toEqual([oldest]);
    await store.unpin(oldest);
    await store.collect({ maxBytes: 0 });
    expect([await rootsOf(store), await readdir(join(dir, 'chunks'))]).toEqual([[], []]);
  });

  it('leaves what is on its way for as long as the grace, and forgets it then', async () => {
    const { store, clock } = await openCare({ graceMs: 60_000 });
    const shelf = createMemoryStore();
    const { root } = await publish(shelf, random(500_000, 6));
    await using swarm = await openSwarm(1, () => shelf);
    const range = { offset: 0, length: 200_000 };
    const part = await fetchContent(swarm.peers, root, store, { range });
    await store.collect({ maxBytes: 0 });
    expect(await fetchContent(swarm.peers, root, store)).toMatchObject({
      ok: true,
      bytesReused: part.ok ? part.bytes : -1,
    });
    await store.remove(root);
    expect(await rootsOf(store)).toEqual([]);
    clock.advance(120_000);
    const collected = await store.collect();
    expect(collected.chunks).toBeGreaterThan(20);
    expect(await store.begun(root)).toBeUndefined();
  });

  it('never makes a root lack a chunk that is put or committed while it runs', async () => {
    const { store } = await openCare({ graceMs: 0 });
    const content = random(300_000, 7);
    const { root } = await publish(store, content);
    await store.remove(root);
    const [published] = await Promise.allSettled([
      publish(store, content),
      store.collect({ maxBytes: 0 }),
      store.collect({ maxBytes: 0 }),
    ]);
    // Either all of it is there, or the publisher was told.
    for (const each of await rootsOf(store))
      expect(await verifyContent(store, each)).toMatchObject({ ok: true });
    if (published.status === 'rejected') {
      expect(published.reason).toMatchObject({ code: 'stoq/content-missing' });
      await publish(store, content);
    }
    expect(await verifyContent(store, root)).toMatchObject({ ok: true });
  });

  it('plans within the bytes, whatever the roots share', () => {
    const stored = fc.array(
      fc.record({
        chunks: fc.uniqueArray(fc.nat(30), { maxLength: 10 }),
        isKept: fc.boolean(),
        usedMs: fc.nat(50),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(stored, fc.nat(400), (specs, maxBytes) => {
        const roots: StoredRoot[] = specs.map(({ chunks, isKept, usedMs }, index) => ({
          root: `root-${index}` as ContentRoot,
          chunks: new Map(chunks.map((chunk) => [`chunk-${chunk}` as ChunkId, chunk + 1])),
          isKept,
          usedMs,
        }));
        const { dropped, live, bytes } = planCollection(roots, maxBytes);
        const kept = roots.filter(({ root }) => !dropped.includes(root));
        for (const { chunks } of kept) for (const id of chunks.keys()) expect(live.has(id)).toBe(true);
        expect([...live.values()].reduce((sum, size) => sum + size, 0)).toBe(bytes);
        for (const { isKept, root } of roots) if (isKept) expect(dropped).not.toContain(root);
        const pinned = new Map(roots.filter(({ isKept }) => isKept).flatMap(({ chunks }) => [...chunks]));
        const least = [...pinned.values()].reduce((sum, size) => sum + size, 0);
        expect(bytes).toBeLessThanOrEqual(Math.max(maxBytes, least));
      }),
    );
  });
});

describe('a scrub', () => {
  const open = async () => {
    const shelf = createMemoryStore();
    const content = Buffer.from(random(600_000, 8));
    const { root, chunks } = await publish(shelf, content);
    const care = await openCare();
    await publish(care.store, content);
    const [first = '', second = ''] = await readdir(join(care.dir, 'chunks'));
    return { ...care, shelf, content, root, chunks, victims: [first, second] as const };
  };

  it('finds nothing where nothing is wrong', async () => {
    const { store, chunks } = await open();
    expect(await scrub(store)).toEqual({ roots: 1, chunks, damaged: 0, missing: 0, repaired: 0, lost: [] });
  });

  it('finds damaged and missing chunks, takes the damaged ones away, and no root of theirs passes for whole', async () => {
    const { store, dir, root, victims } = await open();
    const { root: other } = await publish(store, random(100_000, 9));
    await damage(dir, victims[0]);
    await rm(join(dir, 'chunks', victims[1]));
    const report = await scrub(store);
    expect(report).toMatchObject({ roots: 2, damaged: 1, missing: 1, repaired: 0 });
    expect(report.lost).toEqual([{ root, chunks: expect.arrayContaining([...victims]) }]);
    expect(await store.has(victims[0] as ChunkId)).toBe(false);
    expect([await store.manifest(root), await rootsOf(store)]).toEqual([undefined, [other]]);
    expect(await readdir(join(dir, 'begun'))).toEqual([root]);
  });

  it('repairs from a peer, and looks itself whether that is so', async () => {
    const { store, dir, root, shelf, content, victims } = await open();
    await using swarm = await openSwarm(1, () => shelf);
    await damage(dir, victims[0]);
    await damage(dir, victims[1]);
    const repair = ({ root: wanted }: { root: ContentRoot }) => fetchContent(swarm.peers, wanted, store);
    expect(await scrub(store, { repair })).toMatchObject({ damaged: 2, repaired: 1, lost: [] });
    expect((await bytesOf(store, root)).equals(content)).toBe(true);

    await damage(dir, victims[0]);
    const lie = async () => {
      await store.put(victims[0] as ChunkId, Buffer.from('wrong'));
      return { ok: true };
    };
    expect(await scrub(store, { repair: lie })).toMatchObject({ damaged: 1, repaired: 0, lost: [{ root }] });
    expect(await store.has(victims[0] as ChunkId)).toBe(false);
  });

  it('repairs from parity at hand, and a repair that fails is reported', async () => {
    const { store, dir, shelf, victims } = await open();
    await damage(dir, victims[0]);
    const fails = () => Promise.reject(new Error('no parity'));
    expect(await scrub(store, { repair: fails })).toMatchObject({ damaged: 1, repaired: 0 });
    const again = await open();
    await damage(again.dir, again.victims[0]);
    const parity = async ({ chunks }: { chunks: readonly ChunkId[] }) => {
      for (const id of chunks) await again.store.put(id, (await shelf.get(id)) ?? new Uint8Array());
    };
    expect(await scrub(again.store, { repair: parity })).toMatchObject({ damaged: 1, repaired: 1, lost: [] });
  });

  it('repairs a manifest that is not the root any more, and can be called off', async () => {
    const { store, dir, root, shelf } = await open();
    await using swarm = await openSwarm(1, () => shelf);
    await writeFile(join(dir, 'manifests', root), 'torn');
    const repair = ({ root: wanted }: { root: ContentRoot }) => fetchContent(swarm.peers, wanted, store);
    expect(await scrub(store, { repair })).toMatchObject({ repaired: 1, lost: [] });
    expect(await verifyContent(store, root)).toMatchObject({ ok: true });
    await expect(scrub(store, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'stoq/cancelled',
    });
  });
});

describe('a disk store', () => {
  it('takes three thousand small chunks with a flush for hundreds of them', async () => {
    const { store, dir } = await openCare();
    const content = random(3_000 * 18_000, 10);
    const { root, chunks } = await publish(store, content);
    expect(chunks).toBeGreaterThan(2_500);
    expect(await readdir(join(dir, 'chunks'))).toHaveLength(chunks);
    expect(await readdir(join(dir, 'staging'))).toEqual([]);
    expect(await verifyContent(store, root)).toMatchObject({ ok: true });
  }, 60_000);

  it('keeps pins over restarts and says what it holds', async () => {
    const { store, dir } = await openCare();
    const { root, size } = await publish(store, random(50_000, 11));
    await store.pin(root);
    await store[Symbol.asyncDispose]();
    const again: DiskStore = await openDiskStore(dir);
    expect(await again.isPinned(root)).toBe(true);
    expect(await again.usage()).toEqual({ roots: 1, pinned: 1, bytes: size });
    await again.collect({ maxBytes: 0 });
    expect(await rootsOf(again)).toEqual([root]);
  });
});
