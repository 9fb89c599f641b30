import { randomBytes } from 'node:crypto';
import { quic } from '@chainsafe/libp2p-quic';
import { type ContentRoot, cidOf, domainHash, parseCid } from '@hypermesh/core';
import { type Discovery, libp2pDiscovery } from '@hypermesh/stoq/discovery';
import { identify } from '@libp2p/identify';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { describe, expect, it } from 'vitest';

const HOSTS = 30;
const rootOfNothing = () => cidOf(randomBytes(8), 'dag-cbor', 'blake3-256') as ContentRoot;
const open = (index: number, bootstrap: readonly string[], stoq = `quic://[::1]:${index + 1}`) =>
  libp2pDiscovery({ seed: Buffer.alloc(32, index + 1), bootstrap, stoqAddresses: () => [stoq] });
/** Who is found, search after search: on a busy machine one passes over providers that are slow to answer. */
async function findAll(by: Discovery, root: ContentRoot, wanted: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  do {
    for await (const { peerId } of by.findProviders(root)) found.add(peerId);
  } while (wanted.some((id) => !found.has(id)));
  return [...found].sort();
}

describe('a network of thirty discovery hosts', () => {
  it('finds content after nine of them have left, and believes no record about somebody else', async () => {
    await using stack = new AsyncDisposableStack();
    const hosts: Discovery[] = [];
    const before = process.memoryUsage.rss();
    for (let index = 0; index < HOSTS; index += 1) {
      hosts.push(stack.use(await open(index, hosts[0]?.addresses ?? [])));
    }
    const perHost = (process.memoryUsage.rss() - before) / HOSTS;
    const root = rootOfNothing();
    const holders = [3, 11, 20].map((index) => hosts[index] as Discovery);
    await Promise.all(holders.map((holder) => holder.provide(root)));
    const seeker = hosts[29] as Discovery;
    const ids = holders.map(({ peerId }) => peerId);
    expect(await findAll(seeker, root, ids)).toEqual([...ids].sort());

    // Somebody who speaks the table's protocol says that a bystander has the content.
    const bystander = hosts[25] as Discovery;
    const forger = await createLibp2p({
      transports: [quic({ ipv4: false })],
      services: { identify: identify({ protocolPrefix: 'hypermesh' }) },
    });
    stack.defer(() => forger.stop());
    const lied = rootOfNothing();
    for (const { addresses } of hosts.slice(0, 10)) {
      await announce(forger, addresses[0] ?? '', lied, bystander.peerId);
    }
    // The same bytes about oneself are taken: what was refused is the name, not the form.
    const own = rootOfNothing();
    for (const { addresses } of hosts)
      await announce(forger, addresses[0] ?? '', own, forger.peerId.toString());
    expect(await findAll(seeker, lied, [])).toEqual([]);
    expect(await knowsProvider(hosts[5] as Discovery, own)).toBe(true);
    expect(await knowsProvider(hosts[5] as Discovery, lied)).toBe(false);

    const leaving = hosts.filter((_, index) => index % 10 < 3 && index !== 3);
    expect(leaving.length).toBeGreaterThanOrEqual(0.3 * HOSTS);
    await Promise.all(leaving.map((host) => host.close()));
    const left = ids.filter((id) => !leaving.some(({ peerId }) => peerId === id));
    expect(await findAll(seeker, root, left)).toEqual(left.sort());
    // A node stays within 300 MB with its host in it; a fresh one takes a few of them.
    expect(perHost).toBeLessThan(40e6);
  }, 240_000);
});

type Host = Awaited<ReturnType<typeof createLibp2p>>;

/** Whether a host's own table has a provider record of a root, whoever it names. */
async function knowsProvider(host: Discovery, root: ContentRoot): Promise<boolean> {
  const asker = await createLibp2p({ transports: [quic({ ipv4: false })] });
  try {
    const stream = await asker.dialProtocol(multiaddr(host.addresses[0]), '/hypermesh/kad/1.0.0');
    // GET_PROVIDERS
    stream.send(framed(field(2, keyOf(root)), 3));
    for await (const bytes of stream) {
      const answer = Buffer.from(bytes.subarray());
      stream.abort(new Error('enough'));
      // Field 9 of the answer: providers that the host knows.
      return fieldsOf(answer).includes(9);
    }
    return false;
  } finally {
    await asker.stop();
  }
}

/** Sends an ADD_PROVIDER of the table's protocol that names any provider. */
async function announce(by: Host, address: string, root: ContentRoot, provider: string): Promise<void> {
  const stream = await by.dialProtocol(multiaddr(address), '/hypermesh/kad/1.0.0');
  const named = Buffer.concat([
    field(1, base58(provider)),
    field(2, multiaddr('/ip6/::1/udp/9/quic-v1').bytes),
  ]);
  stream.send(framed(Buffer.concat([field(2, keyOf(root)), field(9, named)]), 2));
  await stream.close();
}

/** `u8 length` and a protobuf message of the given type. */
function framed(fields: Uint8Array, type: number): Uint8Array {
  const message = Buffer.concat([Uint8Array.of(8, type), fields]);
  return Buffer.concat([varint(message.length), message]);
}

const field = (number: number, bytes: Uint8Array) =>
  Buffer.concat([Uint8Array.of(number * 8 + 2), varint(bytes.length), bytes]);

function varint(value: number): Uint8Array {
  return value < 128 ? Uint8Array.of(value) : Uint8Array.of((value & 127) | 128, value >> 7);
}

/** Numbers of the fields of a framed message, of those that are bytes or small integers. */
function fieldsOf(framedMessage: Buffer): readonly number[] {
  const numbers: number[] = [];
  let at = 0;
  const read = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = framedMessage[at] ?? 0;
      at += 1;
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  read();
  while (at < framedMessage.length) {
    const key = read();
    numbers.push(key >> 3);
    const value = read();
    if ((key & 7) === 2) at += value;
  }
  return numbers;
}

/** The multihash under which the table keeps a root's providers. */
function keyOf(root: ContentRoot): Uint8Array {
  const parsed = parseCid(root);
  if (!parsed.ok) throw new Error(parsed.reason);
  return Buffer.concat([
    Uint8Array.of(0x12, 32),
    domainHash('hypermesh/stoq/provider-key/v1', parsed.digest),
  ]);
}

function base58(text: string): Uint8Array {
  const letters = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let value = 0n;
  for (const letter of text) value = value * 58n + BigInt(letters.indexOf(letter));
  const hex = value.toString(16);
  const zeros = /^1*/.exec(text)?.[0].length ?? 0;
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')]);
}
