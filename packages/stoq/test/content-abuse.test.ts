import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChunkId, ContentRoot } from '@hypermesh/core';
import { cidOf } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { createManualClock, createSeededRandom } from '@hypermesh/core/testing';
import {
  CONTENT_STREAM,
  createMemoryStore,
  fetchContent,
  openDiskStore,
  publish,
  serveContent,
  verifyContent,
} from '@hypermesh/stoq/content';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTurns } from '../src/content/turns.ts';
import { failureOf, memoryPair } from './support.ts';

const random = (length: number, seed: number): Uint8Array => createSeededRandom(seed).bytes(length);
const chunk = (seed: number): { id: ChunkId; bytes: Uint8Array } => {
  const bytes = random(5_000, seed);
  return { id: cidOf(bytes, 'raw', 'blake3-256') as ChunkId, bytes };
};
const frame = (type: number, body: Uint8Array, length = body.length): Uint8Array => {
  const head = Buffer.alloc(5);
  head.writeUInt8(type);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, body]);
};

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stoq-abuse-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a disk that fails', () => {
  it('lets no root be committed while a chunk that was put is lost, and heals when it is put again', async () => {
    const dir = join(folder, 'lost');
    const store = await openDiskStore(dir);
    const [mine, theirs] = [chunk(1), chunk(2)];
    await store.put(mine.id, mine.bytes);
    // What a disk does to a file that is not durable yet: here it takes it away.
    for (const name of await readdir(join(dir, 'staging'))) await rm(join(dir, 'staging', name));
    await store.put(theirs.id, theirs.bytes);
    const shelf = createMemoryStore();
    const { root } = await publish(shelf, mine.bytes);
    const manifest = (await shelf.manifest(root)) ?? new Uint8Array();
    await expect(store.commit(root, manifest)).rejects.toThrow('ENOENT');
    // The failure was told once; a later commit must not pass over it either.
    await expect(store.commit(root, manifest)).rejects.toThrow('ENOENT');
    expect([await store.has(mine.id), await store.has(theirs.id)]).toEqual([false, true]);
    expect(await store.manifest(root)).toBeUndefined();
    await store.put(mine.id, mine.bytes);
    await store.commit(root, manifest);
    expect(await store.get(mine.id)).toEqual(Buffer.from(mine.bytes));
    expect(await readdir(join(dir, 'staging'))).toEqual([]);
  });

  it('leaves no manifest behind that could not be put in its place', async () => {
    const dir = join(folder, 'no-room');
    const store = await openDiskStore(dir);
    const content = random(10, 3);
    const { root } = await publish(createMemoryStore(), content);
    await mkdir(join(dir, 'manifests', root));
    await expect(publish(store, content)).rejects.toThrow();
    expect(await readdir(join(dir, 'staging'))).toEqual([]);
  });
});

describe("others' files in a disk store", () => {
  it('are no roots', async () => {
    const dir = join(folder, 'foreign');
    const store = await openDiskStore(dir);
    const { root } = await publish(store, random(10_000, 4));
    await writeFile(join(dir, 'manifests', '.DS_Store'), 'x');
    await writeFile(join(dir, 'manifests', chunk(5).id), 'x');
    const roots: string[] = [];
    for await (const each of store.roots()) roots.push(each);
    expect(roots).toEqual([root]);
  });

  it('behind links in its staging folder stay as they are', async () => {
    const dir = join(folder, 'links');
    const outside = join(folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'precious'), 'x');
    await mkdir(dir);
    await symlink(outside, join(dir, 'staging'));
    await openDiskStore(dir);
    expect(await readdir(outside)).toEqual(['precious']);
  });
});

describe('a fetch of what the store says that it has', () => {
  it('brings back chunks and manifests that were lost from the disk', async () => {
    await using pair = await memoryPair();
    const shelf = createMemoryStore();
    serveContent(pair.listener, shelf);
    const { root, chunks } = await publish(shelf, random(300_000, 6));
    const dir = join(folder, 'lossy');
    const store = await openDiskStore(dir);
    const peer = await pair.connect();
    expect(await fetchContent(peer, root, store)).toMatchObject({ ok: true, fetched: chunks });
    const [victim = ''] = await readdir(join(dir, 'chunks'));
    await rm(join(dir, 'chunks', victim));
    expect(await verifyContent(store, root)).toMatchObject({ ok: false, reason: 'missing' });
    expect(await fetchContent(peer, root, store)).toMatchObject({ ok: true, fetched: 1 });
    await writeFile(join(dir, 'manifests', root), 'torn');
    expect(await verifyContent(store, root)).toMatchObject({ ok: false, reason: 'corrupt' });
    expect(await fetchContent(peer, root, store)).toMatchObject({ ok: true, fetched: 0 });
    expect(await verifyContent(store, root)).toMatchObject({ ok: true });
  });
});

describe('a provider', () => {
  const stalls: [string, readonly Uint8Array[]][] = [
    ['before the manifest', []],
    ['in the middle of a frame', [frame(0x81, Buffer.alloc(10), 5_000)]],
  ];
  it.each(stalls)('that stalls %s is given up by the clock', async (_, pieces) => {
    await using pair = await memoryPair();
    const asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    pair.listener.handleStream(CONTENT_STREAM, async (stream) => {
      await stream.source.next();
      for (const piece of pieces) await stream.write(piece);
      asked.resolve();
      await stream.source.next().catch(() => gone.resolve());
    });
    const { root } = await publish(createMemoryStore(), random(100, 7));
    const clock = createManualClock();
    const peer = await pair.connect();
    const fetching = fetchContent(peer, root, createMemoryStore(), { clock, stallMs: 1_000 });
    await asked.promise;
    const result = await turning(clock, fetching);
    expect(result).toMatchObject({ ok: false, reason: 'stalled', provider: peer.id });
    await gone.promise;
  });

  it('that does not even take the stream is given up too', async () => {
    await using pair = await memoryPair();
    const peer = await pair.connect();
    const deaf = Object.assign(Object.create(peer), {
      openStream: (_name: string, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => peer.openStream('x', { signal }).catch(reject)),
        ),
    });
    const { root } = await publish(createMemoryStore(), random(100, 8));
    const clock = createManualClock();
    const fetching = fetchContent(deaf, root, createMemoryStore(), { clock, stallMs: 1_000 });
    expect(await turning(clock, fetching)).toMatchObject({ ok: false, reason: 'stalled' });
  });

  it('is not kept waiting for bodies that no fetcher sends', async () => {
    await using pair = await memoryPair();
    serveContent(pair.listener, createMemoryStore());
    const peer = await pair.connect();
    for (const type of [0x81, 0x82, 0x84]) {
      const stream = await peer.openStream(CONTENT_STREAM);
      await stream.write(frame(type, Buffer.alloc(3), 2 ** 20)).catch(() => {});
      expect(await failureOf(stream.source.next())).toMatchObject({ code: 'stoq/stream-reset' });
    }
  });

  it('serves at most sixteen streams of a peer at once, and the next when one has ended', async () => {
    await using pair = await memoryPair();
    const store = createMemoryStore();
    let asked = 0;
    let look = () => {};
    serveContent(pair.listener, {
      ...store,
      async manifest(root: ContentRoot) {
        asked += 1;
        look();
        return store.manifest(root);
      },
    });
    const { root } = await publish(store, random(100_000, 9));
    const get = frame(1, blake3((await store.manifest(root)) ?? new Uint8Array()));
    const peer = await pair.connect();
    const reached = (count: number) =>
      new Promise<void>((resolve) => {
        look = () => (asked >= count ? resolve() : undefined);
        look();
      });
    const streams = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const stream = await peer.openStream(CONTENT_STREAM);
        await stream.write(get);
        return stream;
      }),
    );
    await reached(16);
    expect((await peer.request('nobody')).ok).toBe(false);
    expect(asked).toBe(16);
    streams[0]?.abort();
    await reached(17);
    for (const stream of streams) stream.abort();
    expect(await fetchContent(peer, root, createMemoryStore())).toMatchObject({ ok: true });
  });
});

describe('turns', () => {
  it('are handed on in the order of asking, and each name has its own', async () => {
    const take = createTurns(1);
    const order: string[] = [];
    const first = await take('a');
    const later = ['second', 'third'].map(async (name) => {
      using _turn = await take('a');
      order.push(name);
    });
    (await take('b'))[Symbol.dispose]();
    expect(order).toEqual([]);
    first[Symbol.dispose]();
    await Promise.all(later);
    expect(order).toEqual(['second', 'third']);
  });
});

/** Lets the clock run until `work` is done. */
async function turning<T>(clock: ReturnType<typeof createManualClock>, work: Promise<T>): Promise<T> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    clock.advance(200);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return work;
}
