import { zstdCompressSync } from 'node:zlib';
import { createSeededRandom } from '@hypermesh/core/testing';
import type { ByteStream, Peer } from '@hypermesh/stoq';
import {
  CONTENT_STREAM,
  createMemoryStore,
  fetchContent,
  publish,
  serveContent,
} from '@hypermesh/stoq/content';
import { describe, expect, it } from 'vitest';
import { memoryPair } from './support.ts';
import { bytesOf } from './swarm-support.ts';

const random = (length: number, seed: number): Uint8Array => createSeededRandom(seed).bytes(length);
const frame = (type: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.writeUInt8(type);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};

describe('chunks of the package profile', () => {
  it('travel packed where that makes them smaller, and as they are where it does not', async () => {
    await using pair = await memoryPair();
    const store = createMemoryStore();
    serveContent(pair.listener, store);
    const text = Buffer.from(Array.from({ length: 40_000 }, (_, line) => `line ${line * 7919}\n`).join(''));
    const content = Buffer.concat([text, random(200_000, 12)]);
    const { root } = await publish(store, content);
    const target = createMemoryStore();
    const result = await fetchContent(await pair.connect(), root, target);
    expect(result).toMatchObject({ ok: true, bytes: content.length, rejectedChunks: 0 });
    expect(result.bytesMoved).toBeLessThan(200_000 + text.length / 2);
    expect((await bytesOf(target, root)).equals(content)).toBe(true);
  });

  it('of the stream profile come as they are', async () => {
    await using pair = await memoryPair();
    const store = createMemoryStore();
    serveContent(pair.listener, store);
    const { root, size } = await publish(store, Buffer.alloc(500_000, 'text'), { profile: 'stream' });
    const result = await fetchContent(await pair.connect(), root, createMemoryStore());
    expect(result).toMatchObject({ ok: true, bytes: size });
    expect(result.bytesMoved).toBeGreaterThan(64 * 1024);
  });

  const lies: [string, Uint8Array, string][] = [
    ['garbage', Buffer.from([1, 2, 3]), 'bad-chunk'],
    ['nothing', Buffer.alloc(0), 'bad-chunk'],
    ['fifty megabytes of zeros', zstdCompressSync(Buffer.alloc(50_000_000)), 'bad-chunk'],
    ['other bytes', zstdCompressSync(random(9_000, 13)), 'bad-chunk'],
  ];
  it.each(lies)('that unpack to %s are found out', async (_, packed, reason) => {
    const shelf = createMemoryStore();
    const { root } = await publish(shelf, random(150_000, 14));
    const manifest = (await shelf.manifest(root)) ?? new Uint8Array();
    await using pair = await memoryPair();
    pair.listener.handleStream(CONTENT_STREAM, (stream: ByteStream<Peer>) =>
      stream.sink([frame(0x81, manifest), frame(0x85, Buffer.alloc(4), packed)]),
    );
    const result = await fetchContent(await pair.connect(), root, createMemoryStore());
    expect(result).toMatchObject({ ok: false, reason, index: 0, rejectedChunks: 1 });
  });
});
