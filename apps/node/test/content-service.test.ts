import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContentRoot, cidOf, type NodeId } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import { verifyContent } from '@hypermesh/stoq/content';
import { describe, expect, it } from 'vitest';
import { discoverySeed } from '../src/content/finder.ts';
import { contentMessages, holdRequest } from '../src/content/protocol.ts';
import type { ContentService } from '../src/content/service.ts';
import { openParity } from '../src/content-at-rest/parity.ts';
import { type ContentMember, openContentMembers } from './content-members.ts';
import { failureOf, until } from './support.ts';

const random = (length: number, seed: number): Uint8Array => createSeededRandom(seed).bytes(length);
const nodeOf = ({ identity }: ContentMember): NodeId => identity.nodeId;
async function bytesOf(
  content: ContentService,
  root: ContentRoot,
  range?: { offset: number; length: number },
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of content.get(root, range)) parts.push(part);
  return Buffer.concat(parts);
}
type Four = [ContentMember, ContentMember, ContentMember, ContentMember];

describe('the content service of four members', () => {
  it('replicates to members that keep it on disk, and fetches from all that hold it', async () => {
    await using mesh = await openContentMembers(4);
    const [author, ...others] = mesh.members as Four;
    const bytes = Buffer.from(random(3_000_000, 1));
    const { root } = await author.content.put(bytes);
    const copies = await author.content.replicate(root, 2);
    expect(new Set(copies).size).toBe(2);
    const holders = others.filter((member) => copies.includes(nodeOf(member)));
    expect(holders).toHaveLength(2);
    for (const { content, store } of holders) {
      expect(await content.has(root)).toBe(true);
      expect(await store.isPinned(root)).toBe(true);
      expect(await verifyContent(store, root)).toMatchObject({ ok: true, size: bytes.length });
    }
    const last = others.find((member) => !copies.includes(nodeOf(member))) as ContentMember;
    expect(await last.content.has(root)).toBe(false);
    const fetched = await last.content.fetch(root, { hints: [nodeOf(author)] });
    expect(fetched).toMatchObject({
      size: bytes.length,
      bytes: bytes.length,
      bytesReused: 0,
      rejectedChunks: 0,
    });
    expect(fetched.peers.map(({ node }) => node).sort()).toEqual([nodeOf(author), ...copies].sort());
    expect(fetched.peers[0]).toMatchObject({ carrier: 'quic', kem: 'X25519+ML-KEM-768' });
    expect((await bytesOf(last.content, root)).equals(bytes)).toBe(true);
    const range = { offset: 1_234_567, length: 98_765 };
    expect((await bytesOf(last.content, root, range)).equals(bytes.subarray(1_234_567, 1_333_332))).toBe(
      true,
    );
    expect(await last.content.fetch(root)).toMatchObject({ bytesMoved: 0, bytesReused: bytes.length });

    // The author goes: the copies serve on.
    await author[Symbol.asyncDispose]();
    await last.store.remove(root);
    await last.store.pin(root);
    for (const id of await readdir(join(last.directory.content, 'chunks')))
      await last.store.discard(id as never);
    const again = await last.content.fetch(root);
    expect(again.peers.map(({ node }) => node).sort()).toEqual([...copies].sort());
    expect((await bytesOf(last.content, root)).equals(bytes)).toBe(true);
  }, 60_000);

  it('says by name when too few members keep a copy, and asks those to avoid last', async () => {
    const limits = { maxBytes: 1_000_000, maxStoreBytes: 10_000_000, atOnce: 2 };
    await using mesh = await openContentMembers(4, {
      parts: (index) => (index === 2 ? { limits: { ...limits, maxBytes: 10_000 } } : { limits }),
    });
    const [author, second, small, third] = mesh.members as Four;
    const { root } = await author.content.put(random(400_000, 2));
    expect(await author.content.replicate(root, 0)).toEqual([]);
    const one = await author.content.replicate(root, 1, { avoid: [nodeOf(second), nodeOf(small)] });
    expect(one).toEqual([nodeOf(third)]);
    const both = await author.content.replicate(root, 2);
    expect([...both].sort()).toEqual([nodeOf(second), nodeOf(third)].sort());
    const failure = await failureOf(() => author.content.replicate(root, 3));
    expect(failure).toMatchObject({ code: 'node/too-few-copies', root, wanted: 3, got: 2 });
    expect(failure.message).toContain('too-large');
    expect(await small.content.has(root)).toBe(false);
  }, 60_000);

  it('lets members alone ask, within what was said', async () => {
    await using mesh = await openContentMembers(2, {
      parts: () => ({ limits: { maxBytes: 500_000, maxStoreBytes: 600_000, atOnce: 1 } }),
    });
    const [author, keeper] = mesh.members as [ContentMember, ContentMember];
    const session = await keeper.peers.sessionWith(nodeOf(author));
    const sessionOfAuthor = () => author.stoq.peers.find(({ id }) => id === nodeOf(keeper));
    await until(() => sessionOfAuthor() !== undefined);
    const { root } = await author.content.put(random(200_000, 3));
    const ask = async (body: Uint8Array) =>
      sessionOfAuthor()?.request(holdRequest, body, { deadlineMs: 20_000 });
    expect(session.id).toBe(nodeOf(author));
    expect(await ask(Buffer.from('nonsense'))).toMatchObject({ ok: false, code: 'malformed' });
    expect(await ask(contentMessages.holdAsk.encode({ root, size: 500_001 }))).toMatchObject({
      code: 'too-large',
    });
    // It is larger than the asker said: nothing more is taken.
    expect(await ask(contentMessages.holdAsk.encode({ root, size: 100_000 }))).toMatchObject({
      code: 'not-fetched',
    });
    expect([await keeper.content.has(root), await keeper.store.isPinned(root)]).toEqual([false, false]);
    expect(await ask(contentMessages.holdAsk.encode({ root, size: 200_000 }))).toMatchObject({ ok: true });
    await until(() => keeper.content.status().bytes === 200_000);
    const { root: more } = await author.content.put(random(450_000, 4));
    expect(await ask(contentMessages.holdAsk.encode({ root: more, size: 450_000 }))).toMatchObject({
      code: 'full',
    });
  }, 60_000);

  it('tells what nobody has from what is refused', async () => {
    await using mesh = await openContentMembers(2);
    const [author, other] = mesh.members as [ContentMember, ContentMember];
    const nothing = cidOf(random(8, 5), 'dag-cbor', 'blake3-256') as ContentRoot;
    expect(await failureOf(() => other.content.fetch(nothing))).toMatchObject({
      code: 'node/not-found',
      what: nothing,
    });
    expect(await other.store.isPinned(nothing)).toBe(false);
    const { root } = await author.content.put(random(100_000, 6));
    const small = { hints: [nodeOf(author)], maxBytes: 99_999 };
    expect(await failureOf(() => other.content.fetch(root, small))).toMatchObject({
      code: 'node/refused',
      reason: 'too-large',
    });
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(other.content.fetch(root, { signal: stopped })).rejects.toThrow('enough');
  }, 60_000);
});

describe('damaged chunks', () => {
  /** Flips a bit in a few stored chunks of a member. */
  async function damage({ directory }: ContentMember, count: number): Promise<void> {
    const folder = join(directory.content, 'chunks');
    for (const name of (await readdir(folder)).slice(0, count)) {
      const bytes = await readFile(join(folder, name));
      bytes[9] = (bytes[9] ?? 0) ^ 1;
      await writeFile(join(folder, name), bytes);
    }
  }

  it('are passed over by who fetches, and come back from others when their owner scrubs', async () => {
    await using mesh = await openContentMembers(3);
    const [author, holder, reader] = mesh.members as [ContentMember, ContentMember, ContentMember];
    const bytes = Buffer.from(random(1_500_000, 7));
    const { root, chunks } = await author.content.put(bytes);
    await holder.content.fetch(root);
    await damage(holder, chunks);
    const fetched = await reader.content.fetch(root, { hints: [nodeOf(holder)] });
    expect(fetched.rejectedChunks).toBeGreaterThan(0);
    expect(fetched.peers.map(({ node }) => node)).toEqual([nodeOf(author)]);
    expect((await bytesOf(reader.content, root)).equals(bytes)).toBe(true);
    const report = await holder.content.scrub();
    expect(report).toMatchObject({ roots: 1, damaged: chunks, repaired: 1, lost: [] });
    expect(holder.content.status().lastScrub).toEqual(report);
    expect(await verifyContent(holder.store, root)).toMatchObject({ ok: true });
  }, 60_000);

  it('come back from parity where nobody else has them, and a root that is lost is none', async () => {
    await using mesh = await openContentMembers(1);
    const [loner] = mesh.members as [ContentMember];
    const parity = openParity(join(loner.directory.path, 'parity'), loner.store);
    await using own = await openContentMembers(1, {
      parts: () => ({ store: loner.store, atRest: parity }),
    });
    const [keeper] = own.members as [ContentMember];
    const { root } = await keeper.content.put(random(900_000, 8));
    await parity.protect(root);
    await damage(loner, 2);
    expect(await keeper.content.scrub()).toMatchObject({ damaged: 2, repaired: 1, lost: [] });
    expect(await keeper.content.has(root)).toBe(true);
    await parity.forget(root);
    await damage(loner, 1);
    const report = await keeper.content.scrub();
    expect(report).toMatchObject({ damaged: 1, repaired: 0, lost: [{ root }] });
    expect(await keeper.content.has(root)).toBe(false);
  }, 60_000);
});

describe('discovery', () => {
  it('leads to holders that a member has no session with, and is said to be off where it is', async () => {
    await using mesh = await openContentMembers(4, { withDiscovery: true, isConnected: false });
    const [hub, holder, other, seeker] = mesh.members as Four;
    const { discovery } = holder.content.status();
    expect(discovery).toMatchObject({ state: 'on', peerId: expect.stringMatching(/^12D3Koo/) });
    const bytes = Buffer.from(random(500_000, 9));
    const { root } = await holder.content.put(bytes);
    // Announcing is not waited for by anybody: look until it shows.
    const found = async () => {
      const nodes: NodeId[] = [];
      for await (const node of seeker.content.holders(root, AbortSignal.timeout(5_000))) nodes.push(node);
      return nodes;
    };
    let nodes: NodeId[] = [];
    while (nodes.length === 0) nodes = await found();
    expect(nodes).toEqual([nodeOf(holder)]);
    const fetched = await seeker.content.fetch(root);
    expect(fetched.peers.map(({ node }) => node)).toEqual([nodeOf(holder)]);
    expect((await bytesOf(seeker.content, root)).equals(bytes)).toBe(true);
    expect(await hub.content.has(root)).toBe(false);
    expect(await other.content.has(root)).toBe(false);
  }, 120_000);

  it('is off by name without a seed, and its PeerId comes from the key without being it', async () => {
    await using mesh = await openContentMembers(1);
    expect(mesh.members[0]?.content.status()).toMatchObject({
      discovery: { state: 'off', reason: expect.stringContaining('configuration') },
      roots: 0,
    });
    const secret = random(32, 10);
    expect(discoverySeed(secret)).toEqual(discoverySeed(secret));
    expect(discoverySeed(secret)).not.toEqual(secret);
    expect(discoverySeed(secret)).not.toEqual(discoverySeed(random(32, 11)));
  });
});

describe('a message of the content service', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['garbage', Buffer.alloc(60, 0xff)],
    ['too much', Buffer.alloc(5_000)],
  ])('is not %s', (_, bytes) => {
    expect(contentMessages.holdAsk.decode(bytes).ok).toBe(false);
    expect(contentMessages.holdAnswer.decode(bytes).ok).toBe(false);
    expect(contentMessages.discoveryAnswer.decode(bytes).ok).toBe(false);
  });

  it('comes back as it was', () => {
    const root = cidOf(Buffer.from('x'), 'dag-cbor', 'blake3-256') as ContentRoot;
    const { encode, decode } = contentMessages.holdAsk;
    expect(decode(encode({ root, size: 5 }))).toMatchObject({ ok: true, value: { root, size: 5 } });
    const addresses = Array.from({ length: 10 }, (_, index) => `/ip6/::1/udp/${index}/quic-v1`);
    expect(
      contentMessages.discoveryAnswer.decode(contentMessages.discoveryAnswer.encode(addresses)),
    ).toMatchObject({
      value: { addresses: addresses.slice(0, 8) },
    });
  });
});
