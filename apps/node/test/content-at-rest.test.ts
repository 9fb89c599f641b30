import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChunkId, ContentRoot } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import {
  type DiskStore,
  decodeManifest,
  openDiskStore,
  publish,
  readContent,
  type ScrubReport,
  scrub,
} from '@hypermesh/stoq/content';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openParity, type ParityKeeper } from '../src/content-at-rest/parity.ts';
import { planOf } from '../src/content-at-rest/parity-file.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let store: DiskStore;
let parity: ParityKeeper;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'at-rest-'));
  store = await openDiskStore(join(folder, 'content'));
  parity = openParity(join(folder, 'parity'), store);
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const random = createSeededRandom('at rest');
const contentOf = (size: number) => Buffer.from(Uint8Array.from({ length: size }, () => random.below(256)));
async function put(content: Uint8Array): Promise<ContentRoot> {
  const { root } = await publish(store, content, { profile: 'package' });
  await parity.protect(root);
  return root;
}
async function planFor(root: ContentRoot) {
  const plan = planOf(root, (await store.manifest(root)) ?? new Uint8Array());
  if (plan === undefined) throw new Error('no plan');
  return plan;
}
const chunkFile = (id: ChunkId) => join(folder, 'content', 'chunks', id);
const parityFile = (root: ContentRoot) => join(folder, 'parity', `${root}.parity`);
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}
/** What a node does, without a network: scrub, and mend from parity alone. */
const scrubbed = (): Promise<ScrubReport> => scrub(store, { repair: (damage) => parity.repair(damage) });
async function read(root: ContentRoot): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of readContent(store, root)) parts.push(part);
  return Buffer.concat(parts);
}
const headerBytes = (root: ContentRoot) => readFileSync(parityFile(root)).readUInt32BE(0) + 4;

describe('what a process that is gone had begun to write', () => {
  it('is taken away by the next scrub, and nothing else is', async () => {
    const root = await put(contentOf(100_000));
    const leftover = `${parityFile(root)}.999999999.new`;
    const own = `${parityFile(root)}.${process.pid}.new`;
    for (const path of [leftover, own]) writeFileSync(path, 'half');
    await parity.scrub();
    expect([existsSync(leftover), existsSync(own), existsSync(parityFile(root))]).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('content at rest', () => {
  it('is mended from parity without a network when a byte of a chunk rots', async () => {
    const content = contentOf(600_000);
    const root = await put(content);
    const { pieces } = await planFor(root);
    expect(pieces.length).toBeGreaterThan(20);
    for (const at of [0, 7, pieces.length - 1]) flip(chunkFile(pieces[at]?.id as ChunkId), 100);
    expect(await scrubbed()).toMatchObject({ damaged: 3, missing: 0, repaired: 1, lost: [] });
    expect(await read(root)).toEqual(content);
    expect(await scrubbed()).toMatchObject({ damaged: 0, repaired: 0 });
  });

  it('comes back when any four of a stripe of ten chunks and four parity shards are lost or rotten [stoq-06]', async () => {
    const content = contentOf(600_000);
    const root = await put(content);
    const { pieces, stripes } = await planFor(root);
    const [stripe] = stripes;
    if (stripe === undefined) throw new Error('no stripe');
    expect([stripe.pieces.length, stripe.parity]).toEqual([10, 4]);
    const whole = readFileSync(parityFile(root));
    const start = headerBytes(root);
    for (let round = 0; round < 40; round++) {
      const lost = new Set<number>();
      while (lost.size < 4) lost.add(random.below(14));
      for (const at of lost) {
        if (at >= 10) flip(parityFile(root), start + stripe.offset + (at - 10) * stripe.length + 5);
        else if (random.below(2) === 0) rmSync(chunkFile(pieces[stripe.pieces[at] as number]?.id as ChunkId));
        else flip(chunkFile(pieces[stripe.pieces[at] as number]?.id as ChunkId), 3);
      }
      const chunks = [...lost].filter((at) => at < 10).length;
      const report = await scrubbed();
      expect(report.damaged + report.missing).toBe(chunks);
      expect(report.lost).toEqual([]);
      const { damaged, recomputed } = await parity.scrub();
      expect([damaged, recomputed]).toEqual([4 - chunks, chunks === 4 ? 0 : 1]);
    }
    expect(await read(root)).toEqual(content);
    expect(readFileSync(parityFile(root))).toEqual(whole);
  });

  it('says which chunks it cannot mend when five of fourteen are gone, and mends the other stripes', async () => {
    const root = await put(contentOf(600_000));
    const { pieces, stripes } = await planFor(root);
    const [first, second] = stripes;
    const idsOf = (places: readonly number[]) => places.map((at) => pieces[at]?.id as ChunkId);
    const five = idsOf(first?.pieces.slice(0, 5) ?? []);
    const other = idsOf(second?.pieces.slice(0, 4) ?? []);
    for (const id of [...five, ...other]) rmSync(chunkFile(id));
    const mended = await parity.repair({ root, chunks: [...five, ...other] });
    expect(mended.restored).toBe(4);
    expect([...mended.left].sort()).toEqual(five.sort());
    expect((await scrubbed()).lost).toMatchObject([{ root }]);
  });

  it('has its manifest mended too', async () => {
    const content = contentOf(100_000);
    const root = await put(content);
    const { pieces } = await planFor(root);
    const [name] = readdirSync(join(folder, 'content', 'manifests'));
    flip(join(folder, 'content', 'manifests', name ?? ''), 20);
    rmSync(chunkFile(pieces[0]?.id as ChunkId));
    expect(await scrubbed()).toMatchObject({ repaired: 1, lost: [] });
    expect(await read(root)).toEqual(content);
  });

  it('keeps its parity readable when one of its two headers rots, and computes it anew when both do', async () => {
    const content = contentOf(200_000);
    const root = await put(content);
    const { pieces } = await planFor(root);
    const whole = readFileSync(parityFile(root));
    for (const place of ['begin', 'end'] as const) {
      writeFileSync(parityFile(root), whole);
      flip(parityFile(root), place === 'begin' ? 50 : whole.length - 50);
      flip(chunkFile(pieces[1]?.id as ChunkId), 0);
      expect(await scrubbed()).toMatchObject({ damaged: 1, repaired: 1, lost: [] });
    }
    flip(parityFile(root), 50);
    flip(parityFile(root), 2);
    expect(await parity.repair({ root, chunks: [pieces[0]?.id as ChunkId] })).toMatchObject({ restored: 0 });
    expect(await parity.scrub()).toMatchObject({ roots: 1, recomputed: 1 });
    expect(readFileSync(parityFile(root))).toEqual(whole);
  });

  it('has the parity of all other roots looked at when that of one cannot be read, and says so', async () => {
    await put(contentOf(60_000));
    await put(contentOf(60_000));
    const [bad, good] = (await parity.roots()) as [ContentRoot, ContentRoot];
    const whole = readFileSync(parityFile(good));
    flip(parityFile(good), whole.length - 50);
    flip(parityFile(good), 50);
    rmSync(parityFile(bad));
    mkdirSync(parityFile(bad));
    await expect(parity.scrub()).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readFileSync(parityFile(good))).toEqual(whole);
  });

  it('costs two fifths of its size and some, and nothing the second time', async () => {
    const root = await put(contentOf(1_500_000));
    const { bytes, stripes } = await planFor(root);
    expect(bytes / 1_500_000).toBeGreaterThan(0.39);
    expect(bytes / 1_500_000).toBeLessThan(0.5);
    const { mtimeMs, size } = statSync(parityFile(root));
    expect(size / bytes).toBeLessThan(1.05);
    expect(await parity.protect(root)).toEqual({ stripes: stripes.length, bytes });
    expect(statSync(parityFile(root)).mtimeMs).toBe(mtimeMs);
  });

  it('is protected only where it is whole and sound', async () => {
    const { root } = await publish(store, contentOf(50_000), { profile: 'package' });
    const manifest = await store.manifest(root);
    const decoded = manifest && decodeManifest(manifest);
    if (!decoded?.ok) throw new Error('no manifest');
    const { pieces } = await planFor(root);
    flip(chunkFile(pieces[0]?.id as ChunkId), 9);
    await expect(parity.protect(root)).rejects.toMatchObject({ code: 'stoq/content-corrupt' });
    await store.discard(pieces[0]?.id as ChunkId);
    await expect(parity.protect(root)).rejects.toMatchObject({ code: 'stoq/content-missing' });
    expect(await parity.roots()).toEqual([]);
  });

  it('shares chunks between roots, and parity goes with its root', async () => {
    const shared = contentOf(300_000);
    const [one, two] = [await put(shared), await put(Buffer.concat([shared, contentOf(50_000)]))];
    const { pieces } = await planFor(one);
    flip(chunkFile(pieces[0]?.id as ChunkId), 1);
    expect((await scrubbed()).lost).toEqual([]);
    await parity.forget(one);
    await parity.forget(one);
    expect(await parity.roots()).toEqual([two]);
    flip(chunkFile(pieces[0]?.id as ChunkId), 1);
    expect((await scrubbed()).lost).toEqual([]);
    expect(await read(one)).toEqual(shared);
  });

  it('has small content mended as well: one chunk, or none', async () => {
    const root = await put(Buffer.from('one chunk'));
    const { pieces } = await planFor(root);
    rmSync(chunkFile(pieces[0]?.id as ChunkId));
    expect(await scrubbed()).toMatchObject({ missing: 1, repaired: 1 });
    const empty = await put(new Uint8Array());
    expect(await parity.scrub()).toMatchObject({ damaged: 0 });
    expect(await read(empty)).toEqual(Buffer.alloc(0));
  });

  it('is not mended by files that are no parity of the root', async () => {
    const root = await put(contentOf(60_000));
    const other = await put(contentOf(60_000));
    const { pieces } = await planFor(root);
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.alloc(7),
      Buffer.alloc(5_000, 0xff),
      readFileSync(parityFile(other)),
    ]) {
      writeFileSync(parityFile(root), bytes);
      const damage = { root, chunks: [pieces[0]?.id as ChunkId] };
      expect(await parity.repair(damage)).toEqual({ restored: 0, left: damage.chunks });
    }
  });
});
