import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChunkId, ContentRoot } from '@hypermesh/core';
import { cidOf, encodeCanonical } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { createSeededRandom } from '@hypermesh/core/testing';
import type { ByteStream, Peer } from '@hypermesh/stoq';
import {
  CONTENT_STREAM,
  type ContentStore,
  createMemoryStore,
  decodeManifest,
  encodeManifest,
  fetchContent,
  MAX_LEAVES,
  openDiskStore,
  publish,
  readContent,
  serveContent,
  verifyContent,
} from '@hypermesh/stoq/content';
import { contentStoreCompliance } from '@hypermesh/stoq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, memoryPair, type Pair, quicPair } from './support.ts';

const random = (length: number, seed: number): Uint8Array => createSeededRandom(seed).bytes(length);
const whole = async (store: ContentStore, root: ContentRoot): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const part of readContent(store, root)) parts.push(part);
  return Buffer.concat(parts);
};

let folder = '';
let folders = 0;
const nextFolder = (): string => {
  folders += 1;
  return join(folder, String(folders));
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stoq-content-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the memory store', () => {
  for (const { name, run } of contentStoreCompliance({ create: async () => createMemoryStore() }))
    it(name, run);
});

describe('the disk store', () => {
  const dirs = new Map<ContentStore, string>();
  const create = async (dir = nextFolder()) => {
    const store = await openDiskStore(dir);
    dirs.set(store, dir);
    return store;
  };
  const reopen = async (store: ContentStore) => {
    // As after a crash: the former one is not disposed of.
    return create(dirs.get(store));
  };
  for (const { name, run } of contentStoreCompliance({ create: () => create(), reopen })) it(name, run);

  it('gives a chunk its name only when its bytes are on the disk, and forgets the rest on opening', async () => {
    const dir = nextFolder();
    const store = await openDiskStore(dir);
    const bytes = Buffer.from('not committed');
    const id = cidOf(bytes, 'raw', 'blake3-256') as ChunkId;
    await store.put(id, bytes);
    expect(await readdir(join(dir, 'chunks'))).toEqual([]);
    expect(await readdir(join(dir, 'staging'))).toHaveLength(1);
    const again = await openDiskStore(dir);
    expect(await readdir(join(dir, 'staging'))).toEqual([]);
    expect(await again.has(id)).toBe(false);
  });

  it('keeps staged chunks when it is disposed of, and takes no more', async () => {
    const dir = nextFolder();
    const bytes = Buffer.from('disposed');
    const id = cidOf(bytes, 'raw', 'blake3-256') as ChunkId;
    const store = await openDiskStore(dir);
    await store.put(id, bytes);
    await store[Symbol.asyncDispose]();
    expect(await readdir(join(dir, 'chunks'))).toEqual([id]);
    expect(await failureOf(store.put(id, bytes))).toEqual({ code: 'stoq/closed', what: 'store' });
  });

  it.each(['../escape', 'a/b', '', 'UPPER-CASE-NAME', 'x'.repeat(200)])('takes %j for no id', async (id) => {
    const store = await create();
    expect(await failureOf(store.get(id as ChunkId))).toMatchObject({ code: 'stoq/bad-argument' });
  });
});

describe('publishing', () => {
  it('gives the same root for the same bytes, however they come', async () => {
    const content = random(700_000, 1);
    const pieces = [content.subarray(0, 10), content.subarray(10, 350_001), content.subarray(350_001)];
    const roots = [
      await publish(createMemoryStore(), content),
      await publish(createMemoryStore(), pieces),
      await publish(
        await openDiskStore(nextFolder()),
        (async function* () {
          yield* pieces;
        })(),
      ),
    ];
    expect(new Set(roots.map(({ root }) => root)).size).toBe(1);
    expect(roots[0]).toMatchObject({ size: 700_000 });
  });

  it.each(['package', 'stream'] as const)('in the %s profile reads back what was put in', async (profile) => {
    for (const size of [0, 1, 4_095, 4_096, 65_537, 2_000_000]) {
      const content = random(size, size);
      const store = createMemoryStore();
      const { root, chunks } = await publish(store, content, { profile });
      expect((await whole(store, root)).equals(Buffer.from(content))).toBe(true);
      expect(await verifyContent(store, root)).toEqual({ ok: true, size });
      expect(chunks === 0).toBe(size === 0);
    }
  });

  it('can be called off', async () => {
    const call = publish(createMemoryStore(), random(100_000, 3), { signal: AbortSignal.abort() });
    expect(await failureOf(call)).toEqual({ code: 'stoq/cancelled' });
  });

  it('has a root that never changes', async () => {
    // Numerical Recipes' generator: content that any language can make again.
    const content = Buffer.alloc(1_000_000);
    for (let at = 0, state = 1; at < content.length; at += 4) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      content.writeUInt32BE(state, at);
    }
    const { root } = await publish(createMemoryStore(), content);
    expect(root).toBe('bafyr4ibdrgeis6ubdqnafqd4zlwwrz3kkzufgbwokuiuxljjh743u67q5a');
  });
});

describe('a fetch', () => {
  it.each([
    ['memory', memoryPair],
    ['QUIC', quicPair],
  ] as const)('over %s moves every chunk, verified, to the disk', async (_, makePair) => {
    await using pair = await makePair();
    const store = createMemoryStore();
    serveContent(pair.listener, store);
    const content = random(5_000_000, 5);
    const { root, chunks } = await publish(store, content, { profile: 'stream' });
    const target = await openDiskStore(nextFolder());
    const peer = await pair.connect();
    const result = await fetchContent(peer, root, target);
    expect(result).toMatchObject({ ok: true, size: content.length, chunks, fetched: chunks });
    expect((await whole(target, root)).equals(Buffer.from(content))).toBe(true);
    expect(await fetchContent(peer, root, target)).toMatchObject({ ok: true, fetched: 0 });
  });

  it('moves only the chunks that the store lacks', async () => {
    await using pair = await memoryPair();
    const store = createMemoryStore();
    serveContent(pair.listener, store);
    const before = random(1_000_000, 6);
    const after = Buffer.concat([
      before.subarray(0, 400_000),
      Buffer.from('a new line'),
      before.subarray(400_000),
    ]);
    const target = createMemoryStore();
    await publish(target, before);
    const { root, chunks } = await publish(store, after);
    const result = await fetchContent(await pair.connect(), root, target);
    expect(result).toMatchObject({ ok: true, chunks });
    expect(result.ok && result.fetched).toBeLessThanOrEqual(4);
    expect((await whole(target, root)).equals(after)).toBe(true);
  });

  it('asks once for a chunk that stands in many places', async () => {
    await using pair = await memoryPair();
    const store = createMemoryStore();
    serveContent(pair.listener, store);
    const content = Buffer.alloc(3_000_000);
    const { root, chunks } = await publish(store, content);
    const target = createMemoryStore();
    expect(chunks).toBeGreaterThan(40);
    expect(await fetchContent(await pair.connect(), root, target)).toMatchObject({ ok: true, fetched: 2 });
    expect((await whole(target, root)).equals(content)).toBe(true);
  });

  it('refuses a chunk with a flipped bit, names who sent it, and commits nothing', async () => {
    await using pair = await quicPair();
    const dir = nextFolder();
    const store = await openDiskStore(dir);
    serveContent(pair.listener, store);
    const { root } = await publish(store, random(300_000, 7));
    const names = await readdir(join(dir, 'chunks'));
    const victim = join(dir, 'chunks', names[3] ?? '');
    const bytes = await readFile(victim);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(victim, bytes);
    expect(await verifyContent(store, root)).toEqual({ ok: false, reason: 'corrupt', id: names[3] });
    const targetDir = nextFolder();
    const target = await openDiskStore(targetDir);
    const peer = await pair.connect();
    const result = await fetchContent(peer, root, target);
    expect(result).toMatchObject({ ok: false, reason: 'bad-chunk', provider: peer.id });
    expect(await target.manifest(root)).toBeUndefined();
    expect(await target.has((names[3] ?? '') as ChunkId)).toBe(false);
    await target[Symbol.asyncDispose]();
    for (const name of await readdir(join(targetDir, 'chunks'))) {
      expect(cidOf(await readFile(join(targetDir, 'chunks', name)), 'raw', 'blake3-256')).toBe(name);
    }
  });

  it('names why there is nothing to be had', async () => {
    await using pair = await memoryPair();
    const store = createMemoryStore();
    const { root } = await publish(store, random(200_000, 8));
    const peer = await pair.connect();
    const target = createMemoryStore();
    const reason = async (wanted: string, options = {}) => {
      const result = await fetchContent(peer, wanted as ContentRoot, target, options);
      return result.ok ? 'ok' : result.reason;
    };
    expect(await reason(root)).toBe('not-served');
    const stop = serveContent(pair.listener, store, { authorize: (_peer, asked) => asked !== root });
    expect(await reason(root)).toBe('refused');
    stop();
    serveContent(pair.listener, store);
    expect(await reason(cidOf(Buffer.from('unknown'), 'dag-cbor', 'blake3-256'))).toBe('not-found');
    expect(await reason('bafy-no-root')).toBe('bad-root');
    expect(await reason(cidOf(Buffer.from('a chunk'), 'raw', 'blake3-256'))).toBe('bad-root');
    expect(await reason(root, { maxBytes: 199_999 })).toBe('too-large');
    expect(await reason(root, { signal: AbortSignal.abort() })).toBe('cancelled');
    expect(await reason(root)).toBe('ok');
    await peer.close();
    const { root: other } = await publish(store, random(10, 9));
    expect(await reason(other)).toBe('closed');
  });

  it('fails with the store, and not with the peer, when the disk does', async () => {
    await using pair = await memoryPair();
    const store = createMemoryStore();
    serveContent(pair.listener, store);
    const { root } = await publish(store, random(200_000, 10));
    const full: ContentStore = { ...createMemoryStore(), put: () => Promise.reject(new Error('ENOSPC')) };
    await expect(fetchContent(await pair.connect(), root, full)).rejects.toThrow('ENOSPC');
  });
});

describe('a provider that breaks the content protocol', () => {
  const content = random(150_000, 11);
  const store = createMemoryStore();
  let root: ContentRoot;
  let manifest: Uint8Array;
  beforeAll(async () => {
    ({ root } = await publish(store, content));
    manifest = (await store.manifest(root)) ?? new Uint8Array();
  });
  const frame = (type: number, body: Uint8Array, length = body.length): Uint8Array => {
    const head = Buffer.alloc(5);
    head.writeUInt8(type);
    head.writeUInt32BE(length, 1);
    return Buffer.concat([head, body]);
  };
  const other = encodeManifest({ size: 0, chunker: 'fastcdc-16k/1', leaves: [] }).bytes;
  const cases: [string, () => readonly Uint8Array[], string][] = [
    ['ends at once', () => [], 'protocol'],
    ['sends an unknown frame', () => [frame(0x55, Buffer.alloc(3))], 'protocol'],
    ['sends a manifest of 4 GiB', () => [frame(0x81, Buffer.alloc(9), 0xff_ff_ff_ff)], 'protocol'],
    ['sends half a manifest', () => [frame(0x81, manifest.subarray(0, 50), manifest.length)], 'protocol'],
    ['sends a manifest of something else', () => [frame(0x81, other)], 'bad-manifest'],
    ['sends an empty manifest', () => [frame(0x81, Buffer.alloc(0))], 'bad-manifest'],
    ['sends chunks first', () => [frame(0x82, Buffer.alloc(100))], 'protocol'],
    ['sends a no of an unknown number', () => [frame(0x84, Buffer.from([99]))], 'protocol'],
    [
      'says that it lacks a chunk, and then answers another question',
      () => [frame(0x81, manifest), frame(0x84, Buffer.from([4]))],
      'protocol',
    ],
    [
      'says that it is done too early',
      () => [frame(0x81, manifest), frame(0x83, Buffer.alloc(0))],
      'protocol',
    ],
    [
      'sends a chunk without an index',
      () => [frame(0x81, manifest), frame(0x82, Buffer.alloc(3))],
      'protocol',
    ],
    [
      'sends another chunk than asked for',
      () => [frame(0x81, manifest), frame(0x82, Buffer.from([0, 0, 0, 7, 1]))],
      'protocol',
    ],
    [
      'sends zeros for a chunk',
      () => [frame(0x81, manifest), frame(0x82, Buffer.alloc(20_000))],
      'bad-chunk',
    ],
    [
      'sends a chunk larger than any',
      () => [frame(0x81, manifest), frame(0x82, Buffer.alloc(9), 2 ** 21)],
      'protocol',
    ],
  ];

  it.each(cases)('and %s is found out', async (_, answers, reason) => {
    await using pair: Pair = await memoryPair();
    pair.listener.handleStream(CONTENT_STREAM, (stream: ByteStream<Peer>) => stream.sink(answers()));
    const target = createMemoryStore();
    const peer = await pair.connect();
    expect(await fetchContent(peer, root, target)).toMatchObject({ ok: false, reason, provider: peer.id });
    expect(await target.manifest(root)).toBeUndefined();
  });

  const wants: [string, (get: Uint8Array) => Uint8Array][] = [
    ['a want before a get', () => frame(2, Buffer.alloc(8))],
    ['a get of the wrong length', () => frame(1, Buffer.alloc(31))],
    ['an answer', () => frame(0x83, Buffer.alloc(0))],
    ['a second get', (get) => Buffer.concat([get, get])],
    [
      'ranges out of the content',
      (get) => Buffer.concat([get, frame(2, Buffer.from('0000000000ffffff', 'hex'))]),
    ],
    ['an empty range', (get) => Buffer.concat([get, frame(2, Buffer.alloc(8))])],
    ['half a range', (get) => Buffer.concat([get, frame(2, Buffer.alloc(7))])],
  ];
  it.each(wants)('and as a fetcher sends %s is told bad-request', async (_, bytes) => {
    await using pair = await memoryPair();
    serveContent(pair.listener, store);
    const stream = await (await pair.connect()).openStream(CONTENT_STREAM);
    await stream.write(bytes(frame(1, blake3(manifest))));
    await stream.closeWrite();
    const parts: Uint8Array[] = [];
    for await (const part of stream.source) parts.push(part);
    expect(Buffer.concat(parts).subarray(-6)).toEqual(Buffer.from([0x84, 0, 0, 0, 1, 3]));
  });
});

describe('a manifest', () => {
  const digest = Buffer.alloc(32, 3);
  const leaf = (size: number): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(size);
    return Buffer.concat([head, digest]);
  };
  const make = (fields: object): Uint8Array =>
    encodeCanonical({
      v: 1,
      size: 5_000,
      chunker: 'fastcdc-16k/1',
      leaves: Buffer.from(leaf(5_000)),
      ...fields,
    });

  it('that is sound decodes to what was encoded', () => {
    const manifest = {
      size: 70_001,
      chunker: 'fastcdc-16k/1' as const,
      leaves: [
        { size: 65_536, digest },
        { size: 4_465, digest },
      ],
    };
    const decoded = decodeManifest(encodeManifest(manifest).bytes);
    expect(decoded.ok && decoded.manifest.leaves.map(({ size }) => size)).toEqual([65_536, 4_465]);
  });

  it.each([
    ['nothing', new Uint8Array(), 'truncated'],
    ['garbage', Buffer.alloc(50, 0xff), 'indefinite-length'],
    ['another version', make({ v: 2 }), 'wrong-literal'],
    ['another chunker', make({ chunker: 'fixed' }), 'no-variant'],
    ['a field more', make({ extra: 1 }), 'unknown-key'],
    ['a size of text', make({ size: '5000' }), 'wrong-kind'],
    ['half a leaf', make({ leaves: Buffer.alloc(35) }), 'wrong-length'],
    ['a wrong total', make({ size: 5_001 }), 'total-size'],
    ['an empty chunk', make({ size: 0, leaves: leaf(0) }), 'leaf-size'],
    ['a chunk over the largest', make({ size: 65_537, leaves: leaf(65_537) }), 'leaf-size'],
    [
      'a small chunk that is not the last',
      make({ size: 8_190, leaves: Buffer.concat([leaf(4_095), leaf(4_095)]) }),
      'leaf-size',
    ],
    ['bytes behind it', Buffer.concat([make({}), Buffer.alloc(1)]), 'trailing-bytes'],
  ])('with %s is refused by reason', (_, bytes, reason) => {
    expect(decodeManifest(bytes)).toEqual({ ok: false, reason });
  });

  it('of too many leaves is not made', () => {
    const leaves = Array.from({ length: MAX_LEAVES + 1 }, () => ({ size: 1, digest }));
    expect(() => encodeManifest({ size: leaves.length, chunker: 'fastcdc-16k/1', leaves })).toThrow(
      'content-too-large',
    );
    const most = Array.from({ length: MAX_LEAVES }, () => ({ size: 4_096, digest }));
    const { bytes } = encodeManifest({ size: 4_096 * MAX_LEAVES, chunker: 'fastcdc-16k/1', leaves: most });
    expect(decodeManifest(bytes).ok).toBe(true);
  });
});
