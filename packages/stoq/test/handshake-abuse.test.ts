import { createManualClock } from '@hypermesh/core/testing';
import {
  type Authenticator,
  type Carrier,
  createMemoryNetwork,
  createStoq,
  generatePinnedKey,
  pinnedKeys,
} from '@hypermesh/stoq';
import { describe, expect, it } from 'vitest';
import { HandshakeChannel } from '../src/session/channel.ts';
import { dialHandshake } from '../src/session/handshake.ts';
import { encodeHello } from '../src/session/messages.ts';
import { createDialerShare, HYBRID } from '../src/session/suites.ts';
import { rawDial } from './raw.ts';
import { alice, bob, failureOf, memoryPair, type Pair, quicPair, seeds } from './support.ts';

const never = <T>(): Promise<T> => new Promise(() => {});
const isRefusal = ({ type }: { readonly type: string }): boolean => type === 'handshake-refused';

describe('a dialer that is refused for early data and goes on with its handshake', () => {
  /** Authenticates properly, but with a stream beside the handshake before its proof. */
  async function knockEarly({ carrier, address, event, events }: Pair): Promise<void> {
    const refusals = events.filter(isRefusal).length;
    const { connection, stream } = await rawDial({ carrier, address });
    class Early extends HandshakeChannel {
      override async sendSealed(...sent: Parameters<HandshakeChannel['sendSealed']>): Promise<void> {
        const beside = await connection.openStream();
        await beside.write(Buffer.alloc(9)).catch(() => {});
        await event(() => events.filter(isRefusal).length > refusals);
        await super.sendSealed(...sent);
      }
    }
    const channel = new Early(stream);
    const dial = dialHandshake({
      connection,
      stream,
      channel,
      auth: alice,
      pq: 'require',
      admit: () => undefined,
    });
    await expect(dial).rejects.toThrow('early-data');
    connection.close();
    await connection.closed;
  }

  it('takes no place among the sessions', async () => {
    await using pair = await memoryPair({ listener: { limits: { connections: 2 } } });
    for (let round = 0; round < 3; round += 1) await knockEarly(pair);
    expect(pair.listener.peers).toHaveLength(0);
    expect((await pair.connect()).security.pq).toBe(true);
  });
});

describe('an authenticator that never answers', () => {
  const silent = (auth: Authenticator): Authenticator => ({ ...auth, verify: () => never() });

  it('holds up no listener beyond the handshake limit, and frees the place', async () => {
    const clock = createManualClock();
    await using pair = await memoryPair({
      listener: { auth: silent(bob), clock, limits: { handshakes: 1 } },
    });
    for (let round = 1; round <= 3; round += 1) {
      const dial = failureOf(pair.connect());
      while (pair.events.length < round) {
        clock.advance(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await dial).toMatchObject({ code: 'stoq/handshake-failed', reason: 'truncated' });
      expect(pair.events.at(-1)).toMatchObject({ reason: 'timeout', by: 'us' });
    }
  });

  it('holds up no dialer, nor its cancellation, nor the closing of its node', async () => {
    await using pair = await memoryPair({ dialer: { auth: silent(alice), limits: { handshakeMs: 50 } } });
    expect(await failureOf(pair.connect())).toMatchObject({ code: 'stoq/handshake-timeout', afterMs: 50 });
    const network = createMemoryNetwork();
    await using listener = await createStoq({
      auth: bob,
      carriers: [network.carrier()],
      listen: ['memory://bob'],
    });
    const dialer = await createStoq({ auth: silent(alice), carriers: [network.carrier()] });
    const stop = new AbortController();
    const cancelled = failureOf(dialer.connect(listener.addresses[0] ?? '', { signal: stop.signal }));
    const closed = failureOf(dialer.connect(listener.addresses[0] ?? ''));
    stop.abort();
    expect(await cancelled).toEqual({ code: 'stoq/cancelled' });
    await dialer.close();
    expect(await closed).toEqual({ code: 'stoq/closed', what: 'node' });
  });
});

describe('a dial that is under way', () => {
  it('ends with its node, over QUIC and over a carrier that ignores its signal', async () => {
    const deaf: Carrier = { ...createMemoryNetwork().carrier(), dial: () => never() };
    for (const options of [{}, { carriers: [deaf] }]) {
      const dialer = await createStoq({ auth: alice, ...options });
      const address = 'carriers' in options ? 'memory://bob' : 'quic://[::1]:9';
      const dial = failureOf(dialer.connect(address));
      await dialer.close();
      expect(await dial).toEqual({ code: 'stoq/closed', what: 'node' });
    }
  });

  it('that connects after all is hung up on', async () => {
    const network = createMemoryNetwork();
    await using listener = await createStoq({
      auth: bob,
      carriers: [network.carrier()],
      listen: ['memory://bob'],
    });
    const gate = Promise.withResolvers<void>();
    const late: Carrier = {
      ...network.carrier(),
      async dial(address) {
        await gate.promise;
        const connection = await network.carrier().dial(address);
        void connection.closed.then(hungUp.resolve);
        return connection;
      },
    };
    const hungUp = Promise.withResolvers<void>();
    await using dialer = await createStoq({ auth: alice, carriers: [late], limits: { handshakeMs: 10 } });
    expect(await failureOf(dialer.connect('memory://bob'))).toMatchObject({ code: 'stoq/unreachable' });
    gate.resolve();
    await hungUp.promise;
    expect([dialer.peers, listener.peers]).toEqual([[], []]);
  });
});

describe('one peer', () => {
  it('gets no more sessions than its share, and leaves room for others', async () => {
    const network = createMemoryNetwork();
    await using listener = await createStoq({
      auth: pinnedKeys({ self: generatePinnedKey(seeds('bob')), allow: 'any' }),
      carriers: [network.carrier()],
      listen: ['memory://bob'],
      limits: { connectionsPerPeer: 2 },
    });
    const nodeOf = (name: string) =>
      createStoq({
        auth: pinnedKeys({ self: generatePinnedKey(seeds(name)), allow: 'any' }),
        carriers: [network.carrier()],
      });
    await using greedy = await nodeOf('mallory');
    await using other = await nodeOf('alice');
    const [first] = [await greedy.connect('memory://bob'), await greedy.connect('memory://bob')];
    expect(await failureOf(greedy.connect('memory://bob'))).toMatchObject({ reason: 'too-many-connections' });
    expect((await other.connect('memory://bob')).security.pq).toBe(true);
    await first.close();
    expect((await greedy.connect('memory://bob')).security.pq).toBe(true);
    expect(listener.peers).toHaveLength(3);
  });
});

describe('a handshake that comes byte by byte', () => {
  it.each([
    ['memory', memoryPair],
    ['QUIC', quicPair],
  ] as const)('over %s is taken as one in a piece', async (_, makePair) => {
    await using pair = await makePair();
    const { connection, stream } = await rawDial(pair);
    const body = encodeHello(Buffer.alloc(32, 1), [createDialerShare(HYBRID)]);
    const frame = Buffer.concat([Buffer.from([1, 0, 0, 0]), body]);
    frame.writeUIntBE(body.length, 1, 3);
    for (let at = 0; at < frame.length; at += 1) await stream.write(frame.subarray(at, at + 1));
    expect((await stream.read())?.[0]).toBe(2);
    connection.close();
  });
});
