import { zstdCompressSync } from 'node:zlib';
import type { ContentRoot } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import {
  CONTENT_STREAM,
  type ContentStore,
  createMemoryStore,
  decodeManifest,
  fetchContent,
  publish,
  serveContent,
} from '@hypermesh/stoq/content';
import { describe, expect, it } from 'vitest';
import { memoryPair, type Pair } from './support.ts';

const random = (length: number, seed: number): Uint8Array => createSeededRandom(seed).bytes(length);
/** Text that shrinks well, with a beginning and an end of its own. */
const text = (length: number, word: string): Uint8Array =>
  Buffer.from(
    Array.from({ length: length / 16 }, (_, line) => `${word} ${line % 97}`.padEnd(15).concat('\n')).join(''),
  );
const frame = (type: number, body: Uint8Array): Uint8Array => {
  const head = Buffer.alloc(5);
  head.writeUInt8(type);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};
const indexed = (index: number, body: Uint8Array): Uint8Array => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(index);
  return Buffer.concat([head, body]);
};

/** A store with a first version, and the second one published elsewhere: what differs is `insert` in the middle. */
async function versions(insert: Uint8Array) {
  const common = random(800_000, 1);
  const held = createMemoryStore();
  const fetched = createMemoryStore();
  await publish(fetched, common);
  const next = Buffer.concat([common.subarray(0, 400_000), insert, common.subarray(400_000)]);
  const { root } = await publish(held, next);
  return { held, fetched, root, next };
}

describe('the delta of a next version', () => {
  it('comes packed where that is shorter, and is checked like anything else', async () => {
    await using pair = await memoryPair();
    const { held, fetched, root, next } = await versions(text(100_000, 'version two'));
    serveContent(pair.listener, held);
    const result = await fetchContent(await pair.connect(), root, fetched);
    if (!result.ok) throw new Error(result.reason);
    const missing = result.bytes - result.bytesReused;
    expect(missing).toBeGreaterThan(100_000);
    expect(result.bytesMoved).toBeLessThan(missing / 2);
    expect(result.size).toBe(next.length);
    expect(result.rejectedChunks).toBe(0);
  });

  it('comes as it is where packing saves nothing', async () => {
    await using pair = await memoryPair();
    const { held, fetched, root } = await versions(random(100_000, 2));
    serveContent(pair.listener, held);
    const result = await fetchContent(await pair.connect(), root, fetched);
    if (!result.ok) throw new Error(result.reason);
    expect(result.bytesMoved).toBeGreaterThan(result.bytes - result.bytesReused);
  });

  it('is not what a first fetch asks for: the bulk comes as it is', async () => {
    await using pair = await memoryPair();
    const held = createMemoryStore();
    serveContent(pair.listener, held);
    const content = text(300_000, 'bulk');
    const { root } = await publish(held, content);
    const result = await fetchContent(await pair.connect(), root, createMemoryStore());
    if (!result.ok) throw new Error(result.reason);
    expect(result.bytesMoved).toBeGreaterThan(result.bytes - result.bytesReused);
  });
});

/** A provider by hand: gives the manifest, and for every chunk that is wanted what `answer` makes of it. */
function byHand(
  pair: Pair,
  store: ContentStore,
  root: ContentRoot,
  answer: (index: number, size: number, wanted: number) => Uint8Array,
): void {
  pair.listener.handleStream(CONTENT_STREAM, async (stream) => {
    const manifest = (await store.manifest(root)) ?? new Uint8Array();
    const decoded = decodeManifest(manifest);
    if (!decoded.ok) throw new Error(decoded.reason);
    await stream.source.next();
    await stream.write(frame(0x81, manifest));
    const { value: want = new Uint8Array() } = await stream.source.next();
    const index = Buffer.from(want).readUInt32BE(5);
    await stream.write(answer(index, decoded.manifest.leaves[index]?.size ?? 0, want[0] ?? 0));
    await stream.source.next().catch(() => undefined);
  });
}

describe('a packed chunk', () => {
  const packed = (body: (size: number) => Uint8Array) => (index: number, size: number) =>
    frame(0x85, indexed(index, body(size)));
  it.each<[string, (index: number, size: number, wanted: number) => Uint8Array, string]>([
    ['that is no zstd', packed(() => Buffer.from('rubbish')), 'bad-chunk'],
    ['that holds nothing', packed(() => new Uint8Array()), 'bad-chunk'],
    ['that is torn', packed((size) => zstdCompressSync(Buffer.alloc(size, 7)).subarray(0, -3)), 'bad-chunk'],
    [
      'of the right size and other bytes',
      packed((size) => zstdCompressSync(Buffer.alloc(size, 7))),
      'bad-chunk',
    ],
    ['that is too short', packed((size) => zstdCompressSync(Buffer.alloc(size - 1, 7))), 'bad-chunk'],
    ['that is a bomb', packed(() => zstdCompressSync(Buffer.alloc(2 ** 28))), 'bad-chunk'],
    [
      'of another place',
      (index) => frame(0x85, indexed(index + 1, zstdCompressSync(random(10, 3)))),
      'protocol',
    ],
  ])('%s is refused, and its provider banned', async (_, answer, reason) => {
    await using pair = await memoryPair();
    const { held, fetched, root } = await versions(text(100_000, 'version two'));
    byHand(pair, held, root, answer);
    const peer = await pair.connect();
    const result = await fetchContent(peer, root, fetched);
    expect(result).toMatchObject({ ok: false, reason, provider: peer.id });
    expect(await fetched.manifest(root)).toBeUndefined();
  });

  it('that nobody asked for is a breach of the protocol', async () => {
    await using pair = await memoryPair();
    const held = createMemoryStore();
    const content = text(100_000, 'bulk');
    const { root } = await publish(held, content);
    byHand(pair, held, root, (index, size, wanted) => {
      expect(wanted).toBe(0x02);
      return frame(0x85, indexed(index, zstdCompressSync(Buffer.from(content.subarray(0, size)))));
    });
    const result = await fetchContent(await pair.connect(), root, createMemoryStore());
    expect(result).toMatchObject({ ok: false, reason: 'protocol' });
  });
});
