import { createManualClock } from '@hypermesh/core/testing';
import {
  type Carrier,
  type CarrierConnection,
  createMemoryNetwork,
  createStoq,
  generatePinnedKey,
  type Peer,
  pinnedKeys,
  type StoqEvent,
} from '@hypermesh/stoq';
import { describe, expect, it } from 'vitest';
import { addressBlock } from '../src/address.ts';
import { HandshakeSlots } from '../src/session/handshake-slots.ts';
import { failureOf, memoryPair, seeds } from './support.ts';

describe('connections', () => {
  it('beyond a hundred are refused with the reason, and idle ones are closed at the limit [stoq-12]', async () => {
    const clock = createManualClock();
    await using pair = await memoryPair({
      listener: { clock, limits: { connectionsPerPeer: 200 } },
      dialer: { limits: { connections: 200 } },
    });
    const peers: Peer[] = [];
    for (let count = 0; count < 100; count += 1) peers.push(await pair.connect());
    const refused = { code: 'stoq/refused', reason: 'too-many-connections' };
    expect(await failureOf(pair.connect())).toMatchObject(refused);
    expect(await failureOf(pair.connect())).toMatchObject(refused);
    expect(pair.listener.peers).toHaveLength(100);
    pair.listener.handleStream('hold', () => {});
    await peers[40]?.openStream('hold');
    clock.advance(300_000);
    const reasons = await Promise.all(peers.filter((_, index) => index !== 40).map(({ closed }) => closed));
    expect(reasons).toEqual(Array.from({ length: 99 }, () => ({ by: 'peer', reason: 'idle' })));
    expect(pair.listener.peers).toHaveLength(1);
    expect((await pair.connect()).security.pq).toBe(true);
  }, 60_000);
});

describe('silent strangers', () => {
  /** A carrier whose listener sees its connections come from addresses of the test's choice. */
  const disguised = (carrier: Carrier, addresses: readonly string[]): Carrier => {
    let count = 0;
    return {
      ...carrier,
      async listen(address) {
        const listener = await carrier.listen(address);
        return {
          ...listener,
          async accept() {
            const connection = await listener.accept();
            if (connection === undefined) return undefined;
            const remoteAddress = addresses[count] ?? connection.remoteAddress;
            count += 1;
            return { ...connection, remoteAddress } satisfies CarrierConnection;
          },
        };
      },
    };
  };

  it('of a few blocks of addresses do not keep others out', async () => {
    const network = createMemoryNetwork();
    const [self, friend] = [generatePinnedKey(seeds('bob')), generatePinnedKey(seeds('alice'))];
    const strangers = [
      ...Array.from({ length: 20 }, (_, index) => `quic://[2001:db8:1:${index}::1]:4433`),
      ...Array.from({ length: 20 }, (_, index) => `quic://192.0.2.${index}:4433`),
    ];
    const events: StoqEvent[] = [];
    const seen = Promise.withResolvers<void>();
    await using listener = await createStoq({
      auth: pinnedKeys({ self, allow: [friend.publicKey] }),
      carriers: [disguised(network.carrier(), [...strangers, 'quic://[2001:db8:2::1]:4433'])],
      listen: ['memory://bob'],
      limits: { handshakeMs: 60_000 },
      onEvent: (event) => {
        events.push(event);
        if (events.length === 8) seen.resolve();
      },
    });
    const silent: CarrierConnection[] = [];
    for (const _stranger of strangers) silent.push(await network.carrier().dial('memory://bob'));
    await seen.promise;
    // Sixteen of each block hold a place; the places are full, and yet a third block gets in.
    expect(events).toHaveLength(8);
    await using dialer = await createStoq({
      auth: pinnedKeys({ self: friend, allow: [self.publicKey] }),
      carriers: [network.carrier()],
    });
    expect((await dialer.connect('memory://bob')).security.pq).toBe(true);
    expect(listener.peers).toHaveLength(1);
    const refused = events.filter((event) => event.type === 'handshake-refused');
    expect(refused).toHaveLength(9);
    expect(refused.every(({ reason }) => reason === 'too-many-handshakes')).toBe(true);
    for (const connection of silent) connection.close();
  });

  it('give way to a block that has fewer places, the oldest of the fullest block first', () => {
    const slots = new HandshakeSlots({ handshakes: 4, handshakesPerBlock: 3 });
    const out: string[] = [];
    const take = (address: string) => slots.take(address, () => out.push(address));
    const [a, b, c] = ['quic://[2001:db8:a::1]:1', 'quic://[2001:db8:a::2]:1', 'quic://[2001:db8:a::3]:1'];
    expect([take(a), take(b), take(c)].every((slot) => slot !== undefined)).toBe(true);
    expect(take('quic://[2001:db8:a::4]:1')).toBeUndefined();
    const first = take('quic://[2001:db8:b::1]:1');
    expect(first).toBeDefined();
    expect(take('quic://[2001:db8:c::1]:1')).toBeDefined();
    expect(out).toEqual([a]);
    expect(take('quic://[2001:db8:d::1]:1')).toBeDefined();
    expect(out).toEqual([a, b]);
    // Everybody has one place now: nobody has to make room.
    expect(take('quic://[2001:db8:e::1]:1')).toBeUndefined();
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    expect(take('quic://[2001:db8:e::1]:1')).toBeDefined();
    expect(take('quic://[2001:db8:f::1]:1')).toBeUndefined();
  });

  it.each([
    ['quic://[::1]:1', '0:0:0'],
    ['quic://[2001:db8:1:2:3:4:5:6]:1', '2001:db8:1'],
    ['quic://[2001:0DB8::]:1', '2001:db8:0'],
    ['quic://[2001:db8:1::ffff]:1', '2001:db8:1'],
    ['quic://[::ffff:192.0.2.7]:1', '192.0.2'],
    ['quic://[::ffff:c000:207]:1', '192.0.2'],
    ['quic://192.0.2.9:1', '192.0.2'],
    ['memory://dialer-1', undefined],
    ['quic://[zz::1]:1', undefined],
    ['', undefined],
  ])('at %s belong to block %s', (address, block) => {
    expect(addressBlock(address)).toBe(block);
  });
});
