import { hasCode, type NodeId } from '@hypermesh/core';
import { verify } from '@hypermesh/core/ed25519';
import { pageBytes, parseAddress, verifyMapping } from '@hypermesh/proxy-nat';
import { channelCompliance } from '@hypermesh/proxy-nat/testing';
import {
  createMemoryNetwork,
  createStoq,
  generatePinnedKey,
  type MessageStream,
  type Peer,
  pinnedKeys,
} from '@hypermesh/stoq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stoqChannel } from '../src/adapters/stoq-channel.ts';
import { encodeTokenAsk, memoryStream, tokenRequest } from '../src/memory/protocol.ts';
import { formatRights, parseRights } from '../src/memory/rights.ts';
import { failureOf } from './support.ts';
import { openThreeMembers, type ThreeMembers } from './three-members.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let three: ThreeMembers;
const signal = new AbortController().signal;
const tell = () => undefined;
const addressOf = (text: string): bigint => {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new TypeError(parsed.reason);
  return parsed.address;
};
const hour = 3_600_000;

beforeAll(async () => {
  three = await openThreeMembers();
});
afterAll(() => three[Symbol.asyncDispose]());

/** Birch lends, amber uses. */
async function lendTo(to: 'amber' | 'cedar', { sizeBytes = 16_384, rights = 7 } = {}) {
  const { lending } = three.memory.birch;
  const region = await lending.lend({ sizeBytes, forMs: hour }, tell, signal);
  const address = addressOf(region.address);
  const request = {
    address,
    to: three.members[to].nodeId,
    rights,
    forMs: undefined,
    maxBytes: undefined,
    maxOperations: undefined,
  };
  return { region, address, request, grant: await lending.grant(request, tell, signal) };
}
const faultOf = async (access: Promise<unknown>) => {
  const failure = await failureOf(() => access);
  return failure.code === 'node/memory-fault' ? failure.fault : failure.code;
};
const readOne = (who: 'amber' | 'cedar', address: bigint) =>
  three.memory[who].using.access(address, (memory, offset) => memory.read(offset, 1), signal);

describe('remote memory between members', () => {
  it('a region lent by one member is read, written and changed by another through its global address, after a grant that is final on the ledger [proxy-02]', async () => {
    const { region, address, grant } = await lendTo('amber');
    const { using } = three.memory.amber;
    expect(region.prefix).toMatch(/^fd48:4d00:[0-9a-f]+:2:.*\/114$/);
    expect(three.ledgers.amber.ledger.get(`export/${region.export}`)).toBeDefined();
    expect(three.ledgers.amber.ledger.operation(grant.operation as never)?.code).toBe('ok');
    const page = Buffer.alloc(pageBytes, 'page of birch ');
    await using.access(address + 4096n, (memory, offset) => memory.write(offset, page), signal);
    const read = await using.access(
      address + 4096n,
      (memory, offset) => memory.read(offset, pageBytes),
      signal,
    );
    expect(Buffer.compare(read, page)).toBe(0);
    const adding = Array.from({ length: 100 }, () =>
      using.access(address, (memory, offset) => memory.fetchAdd64(offset, 1n), signal),
    );
    expect(new Set(await Promise.all(adding)).size).toBe(100);
    const change = { expected: 100n, desired: 7n };
    expect(await using.access(address, (memory, offset) => memory.cas64(offset, change), signal)).toEqual({
      isSwapped: true,
      before: 100n,
    });
    expect(await using.attach(address, signal)).toMatchObject({
      home: 'birch',
      rights: 'rwa',
      isAttached: true,
    });
    expect(using.list().map(({ grant: id }) => id)).toContain(grant.grant);
  });

  it('nothing succeeds once a revocation has resolved, on the session that is attached nor anew [proxy-04]', async () => {
    const { address, grant } = await lendTo('amber');
    const { using } = three.memory.amber;
    let isResolved = false;
    let late = 0;
    let faults = 0;
    const racing = (async () => {
      for (let after = 0; after < 20; ) {
        const wasResolved = isResolved;
        if (wasResolved) after += 1;
        try {
          await using.access(address, (memory, offset) => memory.fetchAdd64(offset, 1n), signal);
          if (wasResolved) late += 1;
        } catch (error) {
          if (!hasCode(error, 'node/memory-fault')) throw error;
          faults += 1;
          // On a network in memory nothing else would get its turn.
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    })();
    await readOne('amber', address);
    const revoked = await three.memory.birch.lending.revoke(grant.grant, tell, signal);
    isResolved = true;
    await racing;
    expect([late, faults > 0, revoked.isRevoked]).toEqual([0, true, true]);
    expect(await faultOf(readOne('amber', address))).toBe('Revoked');
    expect((await failureOf(() => three.memory.birch.lending.revoke(grant.grant, tell, signal))).code).toBe(
      'node/operation-refused',
    );
  });

  it('a member without a grant, or with fewer rights, is refused by what is missing [proxy-02]', async () => {
    const { address } = await lendTo('amber', { rights: parseRights('r') });
    expect(await faultOf(readOne('cedar', address))).toBe('node/not-found');
    await readOne('amber', address);
    const writing = three.memory.amber.using.access(
      address,
      (memory) => memory.write(0, Buffer.alloc(1)),
      signal,
    );
    expect(await faultOf(writing)).toBe('Protection');
    expect(await faultOf(readOne('amber', address + 16_384n))).toBe('node/not-found');
  });

  it('the home gives a token to its grantee alone, and serves a grant only while the ledger has it', async () => {
    const { grant, request } = await lendTo('cedar');
    const peer = await three.peers.amber.sessionWith(three.members.birch.nodeId);
    const refusedTo = async (body: Uint8Array) => {
      const answer = await peer.request(tokenRequest, body);
      return answer.ok ? 'given' : answer.code;
    };
    expect(await refusedTo(encodeTokenAsk(grant.grant))).toBe('no-such-grant');
    expect(await refusedTo(encodeTokenAsk('0'.repeat(32)))).toBe('no-such-grant');
    expect(await refusedTo(Buffer.from('token'))).toBe('malformed');
    await readOne('cedar', request.address);
  });

  it('exports under a key that nobody can foresee from what it exported before, and take first', async () => {
    const { ledger } = three.ledgers.amber;
    const exported = async () => {
      const { region } = await lendTo('amber', { sizeBytes: pageBytes });
      const { value } = ledger.get(`export/${region.export}`) as { readonly value: Uint8Array };
      const mapping = verifyMapping(value, { verify, nowMs: Date.now() });
      if (!mapping.ok) throw new TypeError(mapping.reason);
      return { ...region, epoch: mapping.mapping.epoch };
    };
    const [first, second] = [await exported(), await exported()];
    // Addresses and epochs count up, for everybody to see.
    expect(second.epoch).toBe(first.epoch + 1);
    expect(second.export).not.toBe(`${second.address}@${first.epoch + 1}`);
    expect(second.export).toMatch(/@[0-9a-f]{32}$/);
  });

  it('lends no more than it may, and grants nothing that it has not lent', async () => {
    const { lending } = three.memory.cedar;
    expect(
      await failureOf(() => lending.lend({ sizeBytes: 2 ** 21, forMs: hour }, tell, signal)),
    ).toMatchObject({
      code: 'node/refused',
      by: 'memory',
    });
    const request = {
      to: three.members.amber.nodeId as NodeId,
      rights: 7,
      forMs: undefined,
      maxBytes: undefined,
      maxOperations: undefined,
    };
    expect((await failureOf(() => lending.grant({ ...request, address: 5n }, tell, signal))).code).toBe(
      'node/not-found',
    );
    expect((await failureOf(() => lending.revoke('nothing', tell, signal))).code).toBe('node/not-found');
  });
});

describe('a memory channel over STOQ', () => {
  async function subject() {
    const [one, other] = [generatePinnedKey(), generatePinnedKey()];
    const network = createMemoryNetwork();
    const carriers = () => [network.carrier()];
    const server = await createStoq({
      auth: pinnedKeys({ self: other, allow: 'any' }),
      carriers: carriers(),
      listen: ['memory://home'],
    });
    const taken = Promise.withResolvers<MessageStream<Peer>>();
    server.handleMessages(memoryStream, (stream) => taken.resolve(stream));
    const node = await createStoq({ auth: pinnedKeys({ self: one, allow: 'any' }), carriers: carriers() });
    const peer = await node.connect('memory://home');
    const client = stoqChannel(await peer.openMessages(memoryStream));
    return {
      client,
      home: stoqChannel(await taken.promise),
      dispose: async () => {
        await node.close();
        await server.close();
      },
    };
  }
  for (const { name, run } of channelCompliance(subject)) it(name, run);

  it('tells its close when the session under it ends', async () => {
    const { client, home, dispose } = await subject();
    const closed = [client, home].map(
      (channel) => new Promise<void>((resolve) => channel.start({ frame: () => undefined, closed: resolve })),
    );
    await dispose();
    await Promise.all(closed);
    expect(client.send(new Uint8Array(1))).toBeUndefined();
  });
});

describe('rights in letters', () => {
  it.each(['r', 'w', 'a', 'rw', 'ra', 'wa', 'rwa'])('%s comes back as it was', (text) => {
    expect(formatRights(parseRights(text))).toBe(text);
  });
  it.each(['', 'x', 'wr', 'rr', 'rwax', 'R'])('%j is refused', async (text) => {
    expect((await failureOf(() => parseRights(text))).code).toBe('node/bad-flag');
  });
});
