import { type Clock, nodeIdOf, silentLog } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createManualClock } from '@hypermesh/core/testing';
import { type Peer, refuse, type StoqNode } from '@hypermesh/stoq';
import { beforeAll, describe, expect, it } from 'vitest';
import { openAddressBook } from '../src/mesh/addresses.ts';
import { createAllowance } from '../src/mesh/allowance.ts';
import { shareAddresses } from '../src/mesh/directory.ts';
import { handleForMembers, requestOf, textOfPeer } from '../src/mesh/members.ts';
import { createPeers } from '../src/mesh/peers.ts';
import { helloRequest, meshMessages } from '../src/mesh/protocol.ts';
import { endSuperseded } from '../src/mesh/superseded.ts';
import {
  certify,
  createMemoryNetwork,
  createTestAuthority,
  failureOf,
  memoryNode,
  type TestIdentity,
  temporaryDirectory,
  until,
} from './support.ts';

let amber: TestIdentity;
let birch: TestIdentity;
let cedar: TestIdentity;

beforeAll(async () => {
  const mesh = await createTestAuthority();
  [amber, birch, cedar] = await Promise.all([certify(mesh), certify(mesh), certify(mesh)]);
});

describe('a member that began again', () => {
  const network = createMemoryNetwork();
  const parts = { random: systemRandom, log: silentLog };

  async function started(name: string, identity: TestIdentity) {
    const cleanup = new AsyncDisposableStack();
    const stoq = cleanup.use(await memoryNode(network, name, identity));
    cleanup.defer(endSuperseded(stoq, parts));
    return Object.assign(cleanup.move(), { stoq });
  }
  /** The home's sessions, each given when it has heard which process is at its other end. */
  function arrivals({ stoq }: { readonly stoq: StoqNode }) {
    const known: Promise<Peer>[] = [];
    const waiting: ((peer: Promise<Peer>) => void)[] = [];
    stoq.onPeer((peer) => {
      // An answer to a request that is made after the home's own comes after its answer.
      const asked = peer.request('mesh/process/1').then(() => peer);
      const next = waiting.shift();
      if (next === undefined) known.push(asked);
      else next(asked);
    });
    return async (): Promise<Peer> =>
      await (known.shift() ?? new Promise<Peer>((resolve) => waiting.push(resolve)));
  }

  it('has no session of its old process any more, and keeps all of its present one', async () => {
    await using home = await started('home', amber);
    const arrived = arrivals(home);
    await using old = await memoryNode(network, 'old', birch);
    let isKilled = false;
    const never = new Promise<never>(() => undefined);
    old.handle('mesh/process/1', () => (isKilled ? never : new Uint8Array(16)));
    await old.connect('memory://home');
    const first = await arrived();
    await using other = await started('other', cedar);
    await other.stoq.connect('memory://home');
    await arrived();
    // It says no goodbye, and another process takes its place.
    isKilled = true;
    await using present = await started('present', birch);
    await present.stoq.connect('memory://home');
    await arrived();
    await expect(first.closed).resolves.toMatchObject({ by: 'us' });
    await present.stoq.connect('memory://home');
    await arrived();
    expect(home.stoq.peers.map(({ id }) => id)).toEqual([cedar.nodeId, birch.nodeId, birch.nodeId]);
  });

  it('is left alone where its old process is still there, and where it does not say which it is, or in another form', async () => {
    await using home = await started('home', amber);
    const arrived = arrivals(home);
    await using silent = await memoryNode(network, 'silent', birch);
    await using odd = await memoryNode(network, 'odd', birch);
    odd.handle('mesh/process/1', () => new Uint8Array(15));
    await using first = await started('first', birch);
    await using second = await started('second', birch);
    for (const stoq of [silent, odd, first.stoq, second.stoq]) {
      await stoq.connect('memory://home');
      await arrived();
    }
    // The home asks the first one again before it decides; what is asked after that is answered after it.
    for (const peer of home.stoq.peers) await peer.request('mesh/process/1');
    expect(home.stoq.peers).toHaveLength(4);
  });
});

describe('members that share addresses', () => {
  async function sharing(name: string, identity: TestIdentity, network = createMemoryNetwork()) {
    const cleanup = new AsyncDisposableStack();
    const book = cleanup.use(openAddressBook(cleanup.use(temporaryDirectory())));
    const stoq = cleanup.use(await memoryNode(network, name, identity));
    const port = name.length;
    const address = `quic://[::1]:${port}`;
    cleanup.defer(shareAddresses(stoq, { self: identity.nodeId, address, book, log: silentLog }));
    return Object.assign(cleanup.move(), { book, stoq, network });
  }

  it('learn of each other, and of those that the other knows', async () => {
    await using listener = await sharing('amber', amber);
    await using dialler = await sharing('birch', birch, listener.network);
    listener.book.note(cedar.nodeId, 'quic://[::1]:99');
    await dialler.stoq.connect('memory://amber');
    await until(() => dialler.book.addressOf(cedar.nodeId) !== undefined);
    expect(dialler.book.addressOf(amber.nodeId)).toBe('quic://[::1]:5');
    expect(listener.book.addressOf(birch.nodeId)).toBe('quic://[::1]:5');
  });

  it('keep what is known, their own address above all, and take nothing that is no address', async () => {
    await using node = await sharing('amber', amber);
    node.book.note(cedar.nodeId, 'quic://[::1]:7');
    await using member = await memoryNode(node.network, 'birch', birch);
    const peer = await member.connect('memory://amber');
    const other = nodeIdOf(generateKey().publicKey);
    const body = meshMessages.hello.encode({
      v: 1,
      address: 'javascript:alert(1)',
      known: [
        { node: amber.nodeId, address: 'quic://[::1]:666' },
        { node: cedar.nodeId, address: 'quic://[::1]:666' },
        { node: birch.nodeId, address: 'quic://[::1]:666' },
        { node: other, address: 'quic://example.org:1' },
      ],
    });
    await requestOf(peer, helloRequest, body);
    expect(node.book.entries()).toEqual([[cedar.nodeId, 'quic://[::1]:7']]);
    const answer = await requestOf(peer, helloRequest, Buffer.from('garbage'));
    expect(meshMessages.hello.decode(answer)).toMatchObject({ ok: true });
  });

  it('greet nobody to whom they do not matter, and survive an answer of garbage', async () => {
    const network = createMemoryNetwork();
    await using listener = await memoryNode(network, 'amber', amber);
    const heard = Promise.withResolvers<void>();
    listener.handle(helloRequest, () => {
      heard.resolve();
      return Buffer.from('garbage');
    });
    await using dialler = await sharing('birch', birch, network);
    await dialler.stoq.connect('memory://amber');
    await heard.promise;
    expect(dialler.book.entries()).toEqual([]);
  });
});

describe('the sessions with peers', () => {
  async function watching(self: TestIdentity, clock: Clock = systemClock) {
    const cleanup = new AsyncDisposableStack();
    const book = cleanup.use(openAddressBook(cleanup.use(temporaryDirectory())));
    const network = createMemoryNetwork();
    const stoq = cleanup.use(await memoryNode(network, 'self', self));
    const peers = cleanup.use(createPeers(self.nodeId, stoq, book, { clock, log: silentLog }));
    return Object.assign(cleanup.move(), { book, network, stoq, peers });
  }

  it('are opened once, however many ask at once', async () => {
    await using own = await watching(amber);
    await using other = await memoryNode(own.network, 'birch', birch);
    own.book.note(birch.nodeId, 'memory://birch');
    const sessions = await Promise.all(Array.from({ length: 5 }, () => own.peers.sessionWith(birch.nodeId)));
    expect(new Set(sessions.map(({ sessionId }) => sessionId)).size).toBe(1);
    expect(other.peers).toHaveLength(1);
    expect(own.peers.openSession(birch.nodeId)).toBe(sessions[0]);
  });

  it('say why there is none: no address, nobody there, somebody else there, itself', async () => {
    await using own = await watching(amber);
    expect(await failureOf(() => own.peers.sessionWith(birch.nodeId))).toMatchObject({
      code: 'node/unreachable',
      reason: 'no address of it is known',
    });
    own.book.note(birch.nodeId, 'memory://nobody');
    own.book.note(amber.nodeId, 'memory://self');
    await using _other = await memoryNode(own.network, 'cedar', cedar);
    for (const address of ['memory://nobody', 'memory://cedar']) {
      own.book.note(birch.nodeId, address);
      const failure = await failureOf(() => own.peers.sessionWith(birch.nodeId));
      expect(failure).toMatchObject({ code: 'node/unreachable', address });
    }
    expect(await failureOf(() => own.peers.sessionWith(amber.nodeId))).toMatchObject({
      code: 'node/unreachable',
    });
  });

  it('that are kept open again after they end, and after the other node came back elsewhere', async () => {
    await using own = await watching(amber);
    let other: StoqNode = await memoryNode(own.network, 'birch', birch);
    own.book.note(birch.nodeId, 'memory://birch');
    const stop = new AbortController();
    const first = await own.peers.reachable(birch.nodeId, stop.signal);
    await first.close();
    await until(() => own.peers.openSession(birch.nodeId) !== undefined);
    expect(own.peers.openSession(birch.nodeId)?.sessionId).not.toBe(first.sessionId);
    await other.close();
    await until(() => own.peers.openSession(birch.nodeId) === undefined);
    other = await memoryNode(own.network, 'birch-2', birch);
    own.book.note(birch.nodeId, 'memory://birch-2');
    const again = await own.peers.reachable(birch.nodeId, stop.signal);
    expect(again.id).toBe(birch.nodeId);
    await other.close();
  });

  it('let a caller give up alone', async () => {
    await using own = await watching(amber);
    await using _other = await memoryNode(own.network, 'birch', birch);
    own.book.note(birch.nodeId, 'memory://birch');
    const abort = new AbortController();
    const given = own.peers.sessionWith(birch.nodeId, abort.signal);
    const kept = own.peers.sessionWith(birch.nodeId);
    abort.abort(new Error('given up'));
    await expect(given).rejects.toThrow('given up');
    expect((await kept).id).toBe(birch.nodeId);
    await expect(own.peers.reachable(cedar.nodeId, abort.signal)).rejects.toThrow('given up');
    await expect(own.peers.sessionWith(cedar.nodeId, abort.signal)).rejects.toThrow('given up');
  });

  it('end with the node, and leave no timer behind', async () => {
    const clock = createManualClock();
    const own = await watching(amber, clock);
    const unreached = own.peers.reachable(birch.nodeId, new AbortController().signal);
    unreached.catch(() => undefined);
    await until(() => clock.pending > 0);
    await own[Symbol.asyncDispose]();
    await expect(unreached).rejects.toThrow('the node stops');
    await until(() => clock.pending === 0);
    await expect(own.peers.sessionWith(birch.nodeId)).rejects.toThrow('the node stops');
  });
});

describe('a request to a peer', () => {
  it('that is refused says who refused and why, in words that cannot steer a terminal', async () => {
    const network = createMemoryNetwork();
    await using listener = await memoryNode(network, 'amber', amber);
    await using dialler = await memoryNode(network, 'birch', birch);
    const words = `\u001b[2J no \u0000${'x'.repeat(5000)}`;
    handleForMembers(listener, 'test/refuse/1', () => refuse('no', Buffer.from(words)));
    handleForMembers(listener, 'test/throw/1', () => {
      throw new Error('a secret of the other node');
    });
    const peer = await dialler.connect('memory://amber');
    const refused = await failureOf(() => requestOf(peer, 'test/refuse/1', new Uint8Array()));
    expect(refused).toMatchObject({ code: 'node/refused', by: amber.nodeId });
    expect(refused.message.length).toBeLessThan(600);
    expect(refused.message).not.toMatch(/\p{Cc}/u);
    const failed = await failureOf(() => requestOf(peer, 'test/throw/1', new Uint8Array()));
    expect(failed).toMatchObject({ reason: 'handler-failed' });
    expect(await failureOf(() => requestOf(peer, 'test/none/1', new Uint8Array()))).toMatchObject({
      reason: 'unknown-name',
    });
    await expect(
      requestOf(peer, 'test/refuse/1', new Uint8Array(), {
        signal: AbortSignal.abort(new Error('given up')),
      }),
    ).rejects.toThrow('given up');
  });

  it('cuts words between characters', () => {
    expect(textOfPeer(Buffer.from('😀'.repeat(1000))).isWellFormed()).toBe(true);
    expect(textOfPeer(Uint8Array.of(0xff, 0xfe))).toBe('\ufffd\ufffd');
    expect(textOfPeer(undefined)).toBe('');
  });
});

describe('an allowance', () => {
  it('lets a burst through, then one a while, for each alone', () => {
    const clock = createManualClock();
    const allowance = createAllowance(clock, { burst: 2, refillMs: 100 });
    expect([allowance.take('a'), allowance.take('a'), allowance.take('a')]).toEqual([true, true, false]);
    expect(allowance.take('b')).toBe(true);
    clock.advance(100);
    expect([allowance.take('a'), allowance.take('a')]).toEqual([true, false]);
    clock.advance(10_000);
    expect([allowance.take('a'), allowance.take('a'), allowance.take('a')]).toEqual([true, true, false]);
  });
});
