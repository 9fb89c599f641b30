import type { ChunkId } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import type { Peer } from '@hypermesh/stoq';
import {
  type ContentStore,
  createBans,
  createMemoryStore,
  type FetchProgress,
  fetchContent,
  publish,
  verifyContent,
} from '@hypermesh/stoq/content';
import { describe, expect, it } from 'vitest';
import { bytesOf, createRounds, openSwarm, shelfOf } from './swarm-support.ts';

const random = (length: number, seed: number): Uint8Array => createSeededRandom(seed).bytes(length);

const flipped = (store: ContentStore, isBad: (id: ChunkId) => boolean): ContentStore => ({
  ...store,
  async get(id) {
    const bytes = await store.get(id);
    if (bytes === undefined || !isBad(id)) return bytes;
    const wrong = Uint8Array.from(bytes);
    wrong[wrong.length >> 1] = (wrong[wrong.length >> 1] ?? 0) ^ 1;
    return wrong;
  },
});

describe('content from several providers', () => {
  it('comes from all of them, each chunk once but for the tail', async () => {
    const { content, shelf, root } = await shelfOf(6_000_000, 1);
    const rounds = createRounds();
    await using swarm = await openSwarm(3, () => rounds.pace(shelf));
    const target = createMemoryStore();
    const result = await fetchContent(swarm.peers, root, target);
    rounds.stop();
    if (!result.ok) throw new Error(result.reason);
    expect((await bytesOf(target, root)).equals(content)).toBe(true);
    expect(result.peers.map(({ id }) => id).sort()).toEqual(swarm.peers.map(({ id }) => id).sort());
    for (const { bytes } of result.peers) expect(bytes).toBeGreaterThan(content.length / 6);
    expect(result.peers.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(content.length);
    expect(result).toMatchObject({ bytes: content.length, bytesReused: 0, rejectedChunks: 0, faults: [] });
    expect(result.bytesMoved).toBeLessThan(1.15 * content.length);
  });

  it('come faster from two seeders than from one, and survive the death of the first [stoq-08]', async () => {
    const { content, shelf, root, chunks } = await shelfOf(3_000_000, 2);
    const roundsWith = async (seeders: number) => {
      const rounds = createRounds();
      await using swarm = await openSwarm(seeders, () => rounds.pace(shelf));
      expect(await fetchContent(swarm.peers, root, createMemoryStore())).toMatchObject({ ok: true });
      rounds.stop();
      return rounds.count();
    };
    const [one, two] = [await roundsWith(1), await roundsWith(2)];
    expect(one).toBeGreaterThanOrEqual(chunks);
    expect(two).toBeLessThan(0.7 * one);

    const rounds = createRounds();
    await using swarm = await openSwarm(2, () => rounds.pace(shelf));
    const target = createMemoryStore();
    let death: Promise<void> | undefined;
    const result = await fetchContent(swarm.peers, root, target, {
      onProgress: ({ bytesHere, bytes }) => {
        if (bytesHere > bytes / 3) death ??= swarm.providers[0]?.close();
      },
    });
    rounds.stop();
    await death;
    expect(result).toMatchObject({ ok: true, faults: [{ provider: swarm.peers[0]?.id, reason: 'closed' }] });
    expect(result.peers).toHaveLength(2);
    expect((await bytesOf(target, root)).equals(content)).toBe(true);
  });

  it('goes on with others when one sends a wrong chunk, and asks that one for nothing more of the root', async () => {
    const { content, shelf, root, ids } = await shelfOf(2_000_000, 3);
    const asked: number[] = [0, 0, 0];
    const rounds = createRounds();
    const counting = (store: ContentStore, index: number): ContentStore => ({
      ...store,
      get(id) {
        asked[index] = (asked[index] ?? 0) + 1;
        return store.get(id);
      },
    });
    await using swarm = await openSwarm(3, (index) =>
      counting(rounds.pace(index === 1 ? flipped(shelf, () => true) : shelf), index),
    );
    const target = createMemoryStore();
    const bans = createBans();
    const result = await fetchContent(swarm.peers, root, target, { bans });
    expect(result).toMatchObject({ ok: true, rejectedChunks: 1 });
    const liar = swarm.peers[1]?.id ?? '';
    expect(result.faults).toMatchObject([{ provider: liar, reason: 'bad-chunk' }]);
    expect(result.peers.map(({ id }) => id)).not.toContain(liar);
    expect((await bytesOf(target, root)).equals(content)).toBe(true);
    expect(asked[1]).toBeLessThan(ids.length / 2);

    const before = asked[1];
    const again = await fetchContent(swarm.peers, root, createMemoryStore(), { bans });
    expect(again).toMatchObject({ ok: true, rejectedChunks: 0 });
    expect(again.faults).toEqual([{ provider: liar, reason: 'banned' }]);
    expect(asked[1]).toBe(before);
    const other = await shelfOf(50_000, 4);
    await publish(shelf, other.content);
    expect(bans.has(other.root, liar)).toBe(false);
    rounds.stop();
  });

  it('is complete although three of ten providers leave and others come in their place', async () => {
    const { content, shelf, root } = await shelfOf(12_000_000, 5);
    const rounds = createRounds();
    await using swarm = await openSwarm(10, () => rounds.pace(shelf));
    const late = Promise.withResolvers<void>();
    async function* coming(): AsyncGenerator<Peer> {
      yield* swarm.peers.slice(0, 7);
      await late.promise;
      yield* swarm.peers.slice(7);
    }
    const deaths: Promise<void>[] = [];
    const target = createMemoryStore();
    const result = await fetchContent(coming(), root, target, {
      maxPeers: 10,
      onProgress: ({ bytes, bytesHere }) => {
        if (deaths.length >= 3 || bytesHere < (bytes * (deaths.length + 1)) / 10) return;
        deaths.push(swarm.providers[deaths.length * 2]?.close() ?? Promise.resolve());
        if (deaths.length === 2) late.resolve();
      },
    });
    rounds.stop();
    await Promise.all(deaths);
    expect(deaths).toHaveLength(3);
    expect(result).toMatchObject({ ok: true, rejectedChunks: 0 });
    const brought = result.peers.map(({ id }) => id);
    expect(brought).toEqual(expect.arrayContaining(swarm.peers.slice(7).map(({ id }) => id)));
    expect((await bytesOf(target, root)).equals(content)).toBe(true);
  });

  it('passes over chunks that one of them lacks, and says so when nobody has them', async () => {
    const { content, shelf, root, ids } = await shelfOf(1_000_000, 6);
    const without = (store: ContentStore, ...places: number[]): ContentStore => ({
      ...store,
      get: async (id) => (places.some((place) => ids[place] === id) ? undefined : store.get(id)),
    });
    await using swarm = await openSwarm(2, (index) => without(shelf, ...(index === 0 ? [2, 7] : [5])));
    const target = createMemoryStore();
    expect(await fetchContent(swarm.peers, root, target)).toMatchObject({ ok: true, rejectedChunks: 0 });
    expect((await bytesOf(target, root)).equals(content)).toBe(true);
    const alone = await fetchContent(swarm.peers.slice(1), root, createMemoryStore());
    expect(alone).toMatchObject({ ok: false, reason: 'missing-chunk' });
    expect(alone.peers[0]?.bytes).toBeGreaterThan(content.length / 2);
  });

  it('takes what a silent provider owes from another, long before the silent one is given up', async () => {
    const { content, shelf, root } = await shelfOf(2_000_000, 7);
    let served = 0;
    const falling: ContentStore = {
      ...shelf,
      get: (id) => {
        served += 1;
        return served > 5 ? new Promise(() => {}) : shelf.get(id);
      },
    };
    const rounds = createRounds();
    await using swarm = await openSwarm(2, (index) => (index === 0 ? falling : rounds.pace(shelf)));
    const target = createMemoryStore();
    const result = await fetchContent(swarm.peers, root, target);
    rounds.stop();
    expect(result).toMatchObject({ ok: true, faults: [] });
    expect((await bytesOf(target, root)).equals(content)).toBe(true);
  });

  it('waits for no manifest of a silent provider when another has it', async () => {
    const { shelf, root } = await shelfOf(100_000, 8);
    const mute: ContentStore = { ...shelf, manifest: () => new Promise(() => {}) };
    await using swarm = await openSwarm(2, (index) => (index === 0 ? mute : shelf));
    expect(await fetchContent(swarm.peers, root, createMemoryStore())).toMatchObject({ ok: true });
  });

  it('fails by name without anybody to ask, and rejects when the source of providers does', async () => {
    const { root } = await shelfOf(1_000, 9);
    const nobody = await fetchContent([], root, createMemoryStore());
    expect(nobody).toMatchObject({ ok: false, reason: 'no-provider', provider: '', bytesMoved: 0 });
    // biome-ignore lint/correctness/useYield: a source that fails before its first provider
    async function* broken(): AsyncGenerator<Peer> {
      throw new Error('no directory');
    }
    await expect(fetchContent(broken(), root, createMemoryStore())).rejects.toThrow('no directory');
  });

  it('is not waited for when the source of providers never ends', async () => {
    const { shelf, root } = await shelfOf(200_000, 10);
    await using swarm = await openSwarm(1, () => shelf);
    let isClosed = false;
    const endless: AsyncIterable<Peer> = {
      [Symbol.asyncIterator]: () => {
        let given = 0;
        return {
          next: () => {
            given += 1;
            const [value] = swarm.peers;
            return given === 1 && value !== undefined
              ? Promise.resolve({ value, done: false })
              : new Promise(() => {});
          },
          return: async () => {
            isClosed = true;
            return { value: undefined, done: true };
          },
        };
      },
    };
    expect(await fetchContent(endless, root, createMemoryStore())).toMatchObject({ ok: true });
    expect(isClosed).toBe(true);
  });
});

describe('a fetch that is cut short', () => {
  it('goes on where it was, and tells how far it is', async () => {
    const { content, shelf, root } = await shelfOf(3_000_000, 11);
    await using swarm = await openSwarm(2, () => shelf);
    const target = createMemoryStore();
    const stop = new AbortController();
    const seen: FetchProgress[] = [];
    const first = await fetchContent(swarm.peers, root, target, {
      signal: stop.signal,
      onProgress: (progress) => {
        seen.push(progress);
        if (progress.bytesHere > progress.bytes / 2) stop.abort();
      },
    });
    expect(first).toMatchObject({ ok: false, reason: 'cancelled' });
    expect(await target.manifest(root)).toBeUndefined();
    expect(await verifyContent(target, root)).toMatchObject({ ok: false, reason: 'missing' });
    const kept = first.peers.reduce((sum, { bytes }) => sum + bytes, 0);
    const second = await fetchContent(swarm.peers, root, target);
    expect(second).toMatchObject({ ok: true, bytes: content.length, bytesReused: kept });
    // The manifest is there already: only chunks come, each with its four bytes of index.
    expect(second.bytesMoved).toBeLessThan(content.length - kept + 100_000);
    expect((await bytesOf(target, root)).equals(content)).toBe(true);
    expect(seen.some(({ peers }) => peers === 2)).toBe(true);
    const here = seen.map(({ bytesHere }) => bytesHere);
    expect(here).toEqual([...here].sort((a, b) => a - b));
  });

  it('keeps within its byte limit, for the whole and for a range', async () => {
    const { shelf, root } = await shelfOf(500_000, 12);
    await using swarm = await openSwarm(2, () => shelf);
    const fetchWith = (options: object) => fetchContent(swarm.peers, root, createMemoryStore(), options);
    expect(await fetchWith({ maxBytes: 499_999 })).toMatchObject({ ok: false, reason: 'too-large' });
    const range = { offset: 0, length: 100_000 };
    expect(await fetchWith({ maxBytes: 100_000, range })).toMatchObject({ ok: true });
    expect(await fetchWith({ maxBytes: 99_999, range })).toMatchObject({ ok: false, reason: 'too-large' });
  });
});

describe('a range', () => {
  it('moves the chunks that it touches alone, and makes no root of them', async () => {
    const { content, shelf, root } = await shelfOf(2_000_000, 13);
    await using swarm = await openSwarm(2, () => shelf);
    const target = createMemoryStore();
    const range = { offset: 700_001, length: 150_000 };
    const part = await fetchContent(swarm.peers, root, target, { range });
    expect(part).toMatchObject({ ok: true, size: content.length });
    expect(part.bytesMoved).toBeLessThan(350_000);
    expect((await bytesOf(target, root, range)).equals(content.subarray(700_001, 850_001))).toBe(true);
    expect(await target.manifest(root)).toBeUndefined();
    await expect(bytesOf(target, root)).rejects.toMatchObject({ code: 'stoq/content-missing' });
    const whole = await fetchContent(swarm.peers, root, target);
    expect(whole).toMatchObject({ ok: true, bytesReused: part.ok ? part.bytes : -1 });
    expect((await bytesOf(target, root)).equals(content)).toBe(true);
  });

  it.each([
    [{ offset: 0, length: 200_001 }],
    [{ offset: 200_001, length: 0 }],
    [{ offset: -1, length: 5 }],
    [{ offset: 0.5, length: 5 }],
    [{ offset: Number.NaN, length: 5 }],
    [{ offset: 2 ** 53, length: 2 ** 53 }],
  ])('of %o is refused by name', async (range) => {
    const { shelf, root } = await shelfOf(200_000, 14);
    await using swarm = await openSwarm(1, () => shelf);
    const result = await fetchContent(swarm.peers, root, createMemoryStore(), { range });
    expect(result).toMatchObject({ ok: false, reason: 'bad-range' });
    await expect(bytesOf(shelf, root, range)).rejects.toMatchObject({ code: 'stoq/bad-argument' });
  });

  it.each([
    [{ offset: 0, length: 0 }],
    [{ offset: 200_000, length: 0 }],
    [{ offset: 199_999, length: 1 }],
    [{ offset: 0, length: 200_000 }],
  ])('of %o reads back', async (range) => {
    const { content, shelf, root } = await shelfOf(200_000, 14);
    const { offset, length } = range;
    expect((await bytesOf(shelf, root, range)).equals(content.subarray(offset, offset + length))).toBe(true);
  });
});

describe('what the store has of other roots', () => {
  it('is not moved again when the next version is fetched [stoq-x03]', async () => {
    const shelf = createMemoryStore();
    const before = Buffer.from(random(3_000_000, 15));
    const after = Buffer.concat([
      before.subarray(0, 1_000_000),
      random(5_000, 16),
      before.subarray(1_000_000),
    ]);
    const older = await publish(shelf, before);
    const newer = await publish(shelf, after);
    await using swarm = await openSwarm(2, () => shelf);
    const target = createMemoryStore();
    await fetchContent(swarm.peers, older.root, target);
    const result = await fetchContent(swarm.peers, newer.root, target);
    if (!result.ok) throw new Error(result.reason);
    expect(result.bytesReused).toBeGreaterThan(after.length - 150_000);
    expect(result.bytesMoved).toBeLessThan(150_000);
    expect((await bytesOf(target, newer.root)).equals(after)).toBe(true);
  });

  it('and what is damaged is fetched anew on recheck', async () => {
    const { content, shelf, root, ids } = await shelfOf(300_000, 17);
    await using swarm = await openSwarm(1, () => shelf);
    const target = createMemoryStore();
    await fetchContent(swarm.peers, root, target);
    await target.discard(ids[3] as ChunkId);
    await target.put(ids[3] as ChunkId, Buffer.from('damaged'));
    expect(await fetchContent(swarm.peers, root, target)).toMatchObject({ ok: true, fetched: 0 });
    expect(await verifyContent(target, root)).toMatchObject({ ok: false, reason: 'corrupt' });
    const again = await fetchContent(swarm.peers, root, target, { recheck: true });
    expect(again).toMatchObject({ ok: true, fetched: 1 });
    expect((await bytesOf(target, root)).equals(content)).toBe(true);
  });
});
