import {
  type Carrier,
  type CarrierConnection,
  type CarrierStream,
  createMemoryNetwork,
  createStoq,
} from '@hypermesh/stoq';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../src/streams/byte-reader.ts';
import { rawSession } from './raw.ts';
import { alice, bob, failureOf, memoryPair, type Pair, text } from './support.ts';

const request = (name: string, size: number): Uint8Array => {
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(60_000, 0);
  numbers.writeUInt32BE(10_000_000, 4);
  numbers.writeUInt32BE(size, 8);
  return Buffer.concat([Buffer.from([1, name.length]), Buffer.from(name), numbers]);
};
const isFault = (fault: string) => (event: object) => 'fault' in event && event.fault === fault;

describe('a reader of exact amounts', () => {
  const readerOf = (pieces: Iterable<Uint8Array>) => {
    const iterator = pieces[Symbol.iterator]();
    return new ByteReader({ read: async () => iterator.next().value as Uint8Array | undefined });
  };

  it('gives the same bytes however they were cut into records', async () => {
    const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, at) => at % 251));
    for (const size of [1, 3, 1_000, 1_024, 4_097, 50_000]) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
      const reader = readerOf(pieces);
      const taken: Uint8Array[] = [];
      for (const length of [0, 1, 7, 0, 5_000, 20_000, 1, 24_991]) taken.push(await reader.take(length));
      expect(Buffer.concat(taken).equals(bytes)).toBe(true);
      expect(await reader.hasMore()).toBe(false);
      expect(await failureOf(reader.take(1))).toEqual({ code: 'stoq/record', reason: 'truncated' });
    }
  });

  it('holds one buffer for an amount that comes a byte a record, however much of it is announced', async () => {
    const size = 300_000;
    function* single(): Generator<Uint8Array> {
      // The same memory again and again: who keeps the records instead of their bytes sees the last one everywhere.
      const record = new Uint8Array(1);
      yield Uint8Array.of(0);
      for (let at = 1; at < size; at += 1) yield record.fill(at % 251);
    }
    const taken = await readerOf(single()).take(size);
    expect(taken.every((byte, at) => byte === at % 251)).toBe(true);
    expect([taken.length, taken.buffer.byteLength]).toEqual([size, size]);
    const announced = readerOf([Buffer.alloc(10)]);
    expect(await failureOf(announced.take(2 ** 32))).toMatchObject({ reason: 'truncated' });
  });
});

describe('writes that are under way at once', () => {
  /** The first of several writes that a carrier is given at once takes longest. */
  const uneven = (carrier: Carrier): Carrier => ({
    ...carrier,
    async dial(address, options) {
      const connection = await carrier.dial(address, options);
      return {
        ...connection,
        async openStream() {
          const stream = await connection.openStream();
          let waiting = 3;
          return {
            ...stream,
            async write(bytes) {
              waiting = Math.max(0, waiting - 1);
              for (let turn = 0; turn < waiting; turn += 1) await new Promise((go) => setImmediate(go));
              await stream.write(bytes);
            },
          } satisfies CarrierStream;
        },
      } satisfies CarrierConnection;
    },
  });

  it('go out in the order of their counters', async () => {
    await using pair = await memoryPair({ wrap: uneven });
    const received = Promise.withResolvers<string>();
    pair.listener.handleStream('sink', async (stream) => {
      const parts: string[] = [];
      for await (const bytes of stream.source) parts.push(text(bytes));
      received.resolve(parts.join(''));
    });
    const stream = await (await pair.connect()).openStream('sink');
    const words = Array.from({ length: 50 }, (_, n) => `${n} `);
    await Promise.all([...words.map((word) => stream.write(Buffer.from(word))), stream.closeWrite()]);
    expect(await received.promise).toBe(words.join(''));
  });
});

describe('the share of one peer', () => {
  it.each([
    ['streams', { streamsPerPeer: 2 }, 0],
    ['bytes', { bytesPerPeer: 1_000 }, 201],
  ])('of %s holds over all its sessions', async (_, limits, size) => {
    await using pair = await memoryPair({ listener: { limits } });
    const both = Promise.withResolvers<void>();
    let running = 0;
    pair.listener.handle('hold', () => {
      running += 1;
      if (running === 2) both.resolve();
      return new Promise(() => {});
    });
    const [one, other] = [await pair.connect(), await pair.connect()];
    for (const session of [one, other]) void session.request('hold', Buffer.alloc(400));
    await both.promise;
    expect(await other.request('hold', Buffer.alloc(size))).toEqual({ ok: false, reason: 'busy' });
  });

  it('counts handlers that go on after their requests were reset', async () => {
    await using pair = await memoryPair({ listener: { limits: { streamsPerPeer: 5 } } });
    let most = 0;
    let running = 0;
    const release = Promise.withResolvers<void>();
    pair.listener.handle('deaf', async () => {
      running += 1;
      most = Math.max(most, running);
      await release.promise;
      running -= 1;
      return new Uint8Array();
    });
    const { connection, open } = await rawSession(pair);
    for (let number = 1n; number <= 40n; number += 1n) {
      const { sealed } = await open(number);
      await sealed.write(request('deaf', 0)).catch(() => {});
      const before = pair.events.length;
      sealed.reset();
      await pair.event(() => pair.events.length > before);
    }
    expect(most).toBeLessThanOrEqual(5);
    release.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    pair.listener.handle('echo', (body) => body);
    const next = await open(100n);
    await next.sealed.write(Buffer.concat([request('echo', 5), Buffer.from('alive')]));
    expect(text(await next.sealed.read())).toContain('alive');
    connection.close();
  });

  it('takes in answers that are not read, and the deadline ends them', async () => {
    await using pair = await memoryPair({ listener: { limits: { bytesPerPeer: 1_500_000 } } });
    pair.listener.handle('large', () => new Uint8Array(1_000_000));
    const { connection, open } = await rawSession(pair);
    const first = await open(1n);
    const short = Buffer.from(request('large', 0));
    short.writeUInt32BE(500, short.length - 12);
    await first.sealed.write(short);
    // Memory carriers hold 256 KiB: the first answer stays with the listener, so the second finds no room.
    const peer = await pair.connect();
    expect(await peer.request('large')).toEqual({ ok: false, reason: 'busy' });
    await pair.event(isFault('reset'));
    expect((await peer.request('large')).ok).toBe(true);
    connection.close();
  });
});

describe('opening a stream to a peer that allows none', () => {
  it('can be called off', async () => {
    const network = createMemoryNetwork();
    let isStuck = false;
    const stuck: Carrier = {
      ...network.carrier(),
      async dial(address, options) {
        const connection = await network.carrier().dial(address, options);
        return {
          ...connection,
          openStream: () => (isStuck ? new Promise(() => {}) : connection.openStream()),
        } satisfies CarrierConnection;
      },
    };
    await using listener = await createStoq({
      auth: bob,
      carriers: [network.carrier()],
      listen: ['memory://bob'],
    });
    await using dialer = await createStoq({ auth: alice, carriers: [stuck] });
    const peer = await dialer.connect(listener.addresses[0] ?? '');
    isStuck = true;
    for (const open of ['openMessages', 'openStream'] as const) {
      const stop = new AbortController();
      const opening = failureOf(peer[open]('any', { signal: stop.signal }));
      stop.abort();
      expect(await opening).toEqual({ code: 'stoq/cancelled' });
    }
    expect(await peer.request('any', undefined, { deadlineMs: 5 })).toEqual({
      ok: false,
      reason: 'deadline',
    });
  });
});

describe('a small message', () => {
  it('does not keep the record that it came in', async () => {
    await using pair: Pair = await memoryPair();
    const received = Promise.withResolvers<Uint8Array[]>();
    pair.listener.handleMessages('sink', async (stream) => {
      const messages: Uint8Array[] = [];
      for await (const message of stream) messages.push(message);
      received.resolve(messages);
    });
    const stream = await (await pair.connect()).openMessages('sink');
    await Promise.all([stream.send(Buffer.alloc(10, 1)), stream.send(Buffer.alloc(200_000, 2))]);
    await stream.close();
    const [small, large] = await received.promise;
    expect([small?.length, large?.length]).toEqual([10, 200_000]);
    expect(small?.buffer.byteLength).toBeLessThan(1_000);
  });
});
