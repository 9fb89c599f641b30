import { randomBytes } from 'node:crypto';
import type { ContentRoot } from '@hypermesh/core';
import { cidOf } from '@hypermesh/core';
import { createMemoryStore, fetchContent, publish, serveContent } from '@hypermesh/stoq/content';
import { libp2pDiscovery, type Provider } from '@hypermesh/stoq/discovery';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { decodeAddresses, encodeAddresses } from '../src/discovery/providers.ts';
import { failureOf, quicPair } from './support.ts';

const open = (seed: number, stoqAddresses: readonly string[] = [], bootstrap: readonly string[] = []) =>
  libp2pDiscovery({ seed: Buffer.alloc(32, seed), bootstrap, stoqAddresses: () => stoqAddresses });
const collect = async (providers: AsyncIterable<Provider>): Promise<Provider[]> => {
  const found: Provider[] = [];
  for await (const provider of providers) found.push(provider);
  return found;
};

describe('discovery over libp2p', () => {
  it('leads from a root to a provider whom STOQ then fetches from', async () => {
    await using pair = await quicPair();
    const store = createMemoryStore();
    serveContent(pair.listener, store);
    const { root } = await publish(store, randomBytes(100_000));
    await using first = await open(1);
    await using provider = await open(2, pair.listener.addresses, first.addresses);
    await using seeker = await open(3, [], first.addresses);
    await provider.provide(root);
    const found = await collect(seeker.findProviders(root));
    expect(found).toEqual([{ peerId: provider.peerId, stoq: pair.listener.addresses }]);
    const peer = await pair.dialer.connect(found[0]?.stoq[0] ?? '');
    expect(await fetchContent(peer, root, createMemoryStore())).toMatchObject({ ok: true, size: 100_000 });
  });

  it('finds nobody for a root that nobody announced', async () => {
    await using first = await open(4);
    await using seeker = await open(5, [], first.addresses);
    const root = cidOf(randomBytes(8), 'dag-cbor', 'blake3-256') as ContentRoot;
    expect(await collect(seeker.findProviders(root))).toEqual([]);
  });

  it('keeps its PeerId for as long as its seed', async () => {
    const before = await open(6);
    await before.close();
    await using after = await open(6);
    expect(after.peerId).toBe(before.peerId);
    expect(after.addresses[0]).toMatch(/^\/ip6\/::1\/udp\/[0-9]+\/quic-v1\/p2p\/12D3Koo/);
  });

  it('leaves no timer that would keep its process for a second', async () => {
    const planned = vi.spyOn(globalThis, 'setTimeout');
    const calledOff = vi.spyOn(globalThis, 'clearTimeout');
    onTestFinished(() => void vi.restoreAllMocks());
    const host = await open(13);
    await host.close();
    const ended = new Set(calledOff.mock.calls.map(([timer]) => timer));
    const left = planned.mock.calls.filter((_, at) => !ended.has(planned.mock.results[at]?.value));
    expect(left.filter(([, delayMs = 0]) => delayMs >= 1_000)).toEqual([]);
  });

  it('passes over a provider that has gone', async () => {
    await using first = await open(7);
    const gone = await open(8, ['quic://[::1]:1'], first.addresses);
    const root = cidOf(randomBytes(8), 'dag-cbor', 'blake3-256') as ContentRoot;
    await gone.provide(root);
    await gone.close();
    await using seeker = await open(9, [], first.addresses);
    // A silent address is waited for; the caller's signal ends the search without a failure.
    expect(await collect(seeker.findProviders(root, { signal: AbortSignal.timeout(500) }))).toEqual([]);
  });

  it('opens although a bootstrap host does not answer, and joins by name with a reason', async () => {
    const dead = await open(10);
    const [address = ''] = dead.addresses;
    await dead.close();
    await using alone = await libp2pDiscovery({
      seed: Buffer.alloc(32, 11),
      bootstrap: ['/nonsense'],
      stoqAddresses: () => [],
    });
    expect(await failureOf(alone.join(address, { signal: AbortSignal.timeout(300) }))).toMatchObject({
      code: 'stoq/unreachable',
      address,
    });
  });

  it('takes nothing else for a seed or a root', async () => {
    const opening = libp2pDiscovery({ seed: Buffer.alloc(31), stoqAddresses: () => [] });
    expect(await failureOf(opening)).toMatchObject({ code: 'stoq/bad-argument', argument: 'seed' });
    await using one = await open(12);
    expect(await failureOf(one.provide('bafy' as ContentRoot))).toMatchObject({ argument: 'root' });
  });
});

describe('a record of addresses', () => {
  it('comes back as it was', () => {
    expect(decodeAddresses(encodeAddresses(['quic://[::1]:1']))).toEqual(['quic://[::1]:1']);
  });

  it('is read without what can be no address, and must not stand in a log', () => {
    const told = ['quic://[::1]:1', '', 'quic://[::1]:2\u001b[2J', 'nowhere', `quic://${'x'.repeat(240)}`];
    expect(decodeAddresses(encodeAddresses(told))).toEqual(['quic://[::1]:1']);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['garbage', Buffer.alloc(40, 0xff)],
    ['more than 4 KiB', Buffer.alloc(5_000)],
  ])('is not %s', (_, bytes) => {
    expect(decodeAddresses(bytes)).toBeUndefined();
  });
});
