import { createMemoryNetwork, quicCarrier } from '@hypermesh/stoq';
import { carrierCompliance } from '@hypermesh/stoq/testing';
import { describe, expect, it } from 'vitest';
import { missingFromNative } from '../src/carriers/quic-native.ts';
import { failureOf } from './support.ts';

describe('the memory carrier', () => {
  const create = () => {
    const carrier = createMemoryNetwork().carrier();
    return { listening: carrier, dialling: carrier, address: 'memory://*' };
  };
  for (const { name, run } of carrierCompliance(create)) it(name, run);

  it('names the address that nobody listens on', async () => {
    const dial = createMemoryNetwork().carrier().dial('memory://nobody');
    expect(await failureOf(dial)).toMatchObject({ code: 'stoq/unreachable', address: 'memory://nobody' });
  });
});

describe('the QUIC carrier', () => {
  const create = () => ({ listening: quicCarrier(), dialling: quicCarrier(), address: 'quic://[::1]:0' });
  for (const { name, run } of carrierCompliance(create)) it(name, run);

  it.each([
    'quic://127.0.0.1:4433',
    'quic://0.0.0.0:0',
    'quic://[::ffff:127.0.0.1]:4433',
    'quic://[::ffff:7f00:1]:4433',
    'quic://[0:0:0:0:0:ffff:7f00:1]:4433',
  ])('refuses the IPv4 address %s unless it is enabled [stoq-01]', async (address) => {
    const failure = { code: 'stoq/ipv4-disabled', address };
    expect(await failureOf(quicCarrier().listen(address))).toEqual(failure);
    expect(await failureOf(quicCarrier().dial(address))).toEqual(failure);
  });

  it('carries IPv4 where it is enabled', async () => {
    const carrier = quicCarrier({ ipv4: true });
    const listener = await carrier.listen('quic://127.0.0.1:0');
    const [far, near] = await Promise.all([listener.accept(), carrier.dial(listener.address)]);
    expect(near.remoteAddress).toBe(listener.address);
    expect(far?.remoteAddress).toMatch(/^quic:\/\/127\.0\.0\.1:[0-9]+$/);
    near.close();
    await listener.close();
  });

  it.each([
    'quic://localhost:4433',
    'quic://[::1]',
    'quic://[::1]:65536',
    'quic://::1:4433',
    'quic://[::1]:4433/path',
    'quic://1.2.3:4433',
    'quic://[fe80::1%eth0]:4433',
    ` quic://[::1]:4433`,
  ])('refuses %j as an address', async (address) => {
    expect(await failureOf(quicCarrier().dial(address))).toMatchObject({ code: 'stoq/bad-address', address });
  });

  it('says which names the native layer lacks when it has changed its shape', () => {
    class Whole {
      abort() {}
      outboundConnection() {}
    }
    expect(missingFromNative({ QuinnConfig: Whole, Client: Whole, Server: Whole, Connection: 1 })).toEqual([
      'Server.inboundConnection',
      'Server.port',
      'Connection',
      'Stream',
    ]);
  });
});
