import { createVrfKey } from '@hypermesh/consensus';
import { type Clock, nodeIdOf, silentLog } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createManualClock } from '@hypermesh/core/testing';
import { type Peer, refuse, type StoqNode } from '@hypermesh/stoq';
import { createMemoryStore, fetchContent, publish, serveContent } from '@hypermesh/stoq/content';
import { createEnrolment, generateCertificateKeys } from '@hypermesh/trustchain/ca';
import type { KeyPair } from '@hypermesh/trustchain/suite';
import { beforeAll, describe, expect, it } from 'vitest';
import { isEnrolling } from '../src/adapters/authenticator.ts';
import { serveTransparency } from '../src/adapters/transparency.ts';
import { chainIn } from '../src/join.ts';
import { openAddressBook } from '../src/mesh/addresses.ts';
import { createAllowance } from '../src/mesh/allowance.ts';
import { certificateNames, serveAuthority } from '../src/mesh/authority.ts';
import { shareAddresses } from '../src/mesh/directory.ts';
import { createFounding, openFounding } from '../src/mesh/founding.ts';
import { tokenDigest } from '../src/mesh/invitation.ts';
import { handleForMembers, requestOf, textOfPeer } from '../src/mesh/members.ts';
import { createPeers } from '../src/mesh/peers.ts';
import {
  enrolRequest,
  genesisRequest,
  helloRequest,
  logRequest,
  meshMessages,
  renewRequest,
} from '../src/mesh/protocol.ts';
import {
  certify,
  createMemoryNetwork,
  createTestAuthority,
  enrollingNode,
  failureOf,
  memoryNode,
  type TestAuthority,
  type TestIdentity,
  temporaryDirectory,
  until,
} from './support.ts';

let mesh: TestAuthority;
let amber: TestIdentity;
let birch: TestIdentity;
let cedar: TestIdentity;

beforeAll(async () => {
  mesh = await createTestAuthority();
  [amber, birch, cedar] = await Promise.all([certify(mesh), certify(mesh), certify(mesh)]);
});

/** A founding node as far as joining needs it, in memory. */
async function foundingNode(validators: number, clock: Clock = systemClock) {
  const cleanup = new AsyncDisposableStack();
  const directory = cleanup.use(temporaryDirectory());
  const network = createMemoryNetwork();
  createFounding(directory, {
    mesh: 'test',
    validators,
    root: mesh.root,
    token: () => systemRandom.bytes(32),
  });
  const founding = openFounding(directory, clock);
  if (founding === undefined) throw new Error('nothing was founded');
  const own = { v: 1, node: amber.nodeId, name: 'amber', key: amber.key.publicKey, signer: 'amber' } as const;
  founding.admit({ ...own, vrfKey: createVrfKey().publicKey }, undefined);
  const stoq = cleanup.use(await memoryNode(network, 'amber', amber, { admitEnrolling: true }));
  const completed = Promise.withResolvers<void>();
  const logged: unknown[] = [];
  cleanup.defer(
    serveAuthority(stoq, {
      authority: mesh.authority,
      founding,
      logKey: 'log key',
      clock,
      log: silentLog,
      completed,
      recordCertificate: async ({ serial }) => void logged.push(serial),
    }),
  );
  const tokens = founding.invitations(amber.nodeId, []).map(({ token }) => token);
  return Object.assign(cleanup.move(), { network, stoq, founding, tokens, logged });
}

async function enrolment(key: KeyPair, options: { token?: Uint8Array; audience?: string } = {}) {
  return createEnrolment(
    {
      identitySecretKey: key.secretKey,
      keys: await generateCertificateKeys(),
      audience: options.audience ?? mesh.root,
      ...certificateNames,
      ...(options.token === undefined ? {} : { token: options.token }),
    },
    { clock: systemClock, random: systemRandom },
  );
}

async function enrolBody(key: KeyPair, token: Uint8Array, name: string, change: object = {}) {
  return meshMessages.enrolAsk.encode({
    v: 1,
    invitation: tokenDigest(token),
    enrolment: await enrolment(key, { token }),
    name,
    vrfKey: createVrfKey().publicKey,
    signer: `signer of ${name}`,
    ...change,
  });
}

async function codeOf(peer: Peer, name: string, body: Uint8Array): Promise<string> {
  const answer = await peer.request(name, body);
  return answer.ok ? 'accepted' : `${answer.code ?? answer.reason}: ${textOfPeer(answer.body)}`;
}

describe('the authority of a mesh', () => {
  it('certifies whoever brings an unused token, logs it first, and gives the same node its answer again', async () => {
    await using node = await foundingNode(3);
    const key = generateKey();
    await using machine = await enrollingNode(node.network, mesh.root, key);
    const peer = await machine.connect('memory://amber', { expect: amber.nodeId });
    const [token = new Uint8Array()] = node.tokens;
    for (let times = 1; times <= 2; times++) {
      const answer = await requestOf(peer, enrolRequest, await enrolBody(key, token, 'delta'));
      expect(chainIn(answer, amber.nodeId)).toHaveLength(3);
      expect(node.logged).toHaveLength(times);
    }
    expect(node.founding.members().map(({ name }) => name)).toEqual(['amber', 'delta']);
  });

  it('refuses an enrolment by its reason and admits nobody by it', async () => {
    await using node = await foundingNode(3);
    const key = generateKey();
    await using machine = await enrollingNode(node.network, mesh.root, key);
    const peer = await machine.connect('memory://amber');
    const [token = new Uint8Array(), other = new Uint8Array()] = node.tokens;
    const enrol = async (body: Uint8Array) => codeOf(peer, enrolRequest, body);
    expect(await enrol(new Uint8Array())).toBe('malformed: truncated');
    expect(await enrol(Buffer.alloc(200_000, 0x9f))).toMatch(/^malformed: /);
    expect(await enrol(await enrolBody(key, systemRandom.bytes(32), 'delta'))).toBe('invitation-used: ');
    expect(await enrol(await enrolBody(key, token, 'delta', { enrolment: Buffer.from('x') }))).toMatch(
      /^enrolment-refused: /,
    );
    const wrongToken = await enrolment(key, { token: other });
    expect(await enrol(await enrolBody(key, token, 'delta', { enrolment: wrongToken }))).toMatch(
      /^enrolment-refused: /,
    );
    const foreign = await enrolment(key, { token, audience: 'SHA256:ff' });
    expect(await enrol(await enrolBody(key, token, 'delta', { enrolment: foreign }))).toMatch(
      /^enrolment-refused: /,
    );
    expect(await enrol(await enrolBody(generateKey(), token, 'delta'))).toBe(
      'enrolment-refused: another node than the one that asks',
    );
    expect(await enrol(await enrolBody(key, token, 'amber'))).toBe(
      'enrolment-refused: the name amber is taken',
    );
    expect(await enrol(await enrolBody(key, token, 'Not A Name'))).toMatch(/^enrolment-refused: /);
    expect(node.founding.members()).toHaveLength(1);
    expect(node.logged).toEqual([]);
    expect(await enrol(await enrolBody(key, token, 'delta'))).toBe('accepted');
  });

  it('gives one token to one of two machines that bring it at once', async () => {
    await using node = await foundingNode(3);
    const [token = new Uint8Array()] = node.tokens;
    const attempts = ['delta', 'elm'].map(async (name) => {
      const key = generateKey();
      const machine = await enrollingNode(node.network, mesh.root, key);
      const peer = await machine.connect('memory://amber');
      const body = await enrolBody(key, token, name);
      return { machine, code: codeOf(peer, enrolRequest, body) };
    });
    const machines = await Promise.all(attempts);
    const codes = await Promise.all(machines.map(({ code }) => code));
    await Promise.all(machines.map(({ machine }) => machine.close()));
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(codes.filter((code) => code.includes('used'))).toHaveLength(1);
    expect(node.founding.members()).toHaveLength(2);
  });

  it('renews the certificate of a member, also over a session of a certificate that ran out, and of nobody else', async () => {
    await using node = await foundingNode(1);
    await using lapsed = await enrollingNode(node.network, mesh.root, amber.key);
    const peer = await lapsed.connect('memory://amber');
    const body = meshMessages.renewAsk.encode(await enrolment(amber.key));
    expect(chainIn(await requestOf(peer, renewRequest, body), amber.nodeId)).toHaveLength(3);
    expect(await codeOf(peer, renewRequest, Buffer.from('x'))).toMatch(/^malformed: /);
    const foreign = meshMessages.renewAsk.encode(await enrolment(birch.key));
    expect(await codeOf(peer, renewRequest, foreign)).toBe('enrolment-refused: not your own certificate');
    await using outsider = await memoryNode(node.network, 'birch', birch);
    const session = await outsider.connect('memory://amber');
    expect(await codeOf(session, renewRequest, foreign)).toBe('enrolment-refused: not your own certificate');
  });

  it('stops giving a member certificates that it asks for without end', async () => {
    await using node = await foundingNode(1);
    await using machine = await enrollingNode(node.network, mesh.root, amber.key);
    const peer = await machine.connect('memory://amber');
    const body = meshMessages.renewAsk.encode(await enrolment(amber.key));
    const codes = [];
    for (let times = 0; times < 10; times++) codes.push(await codeOf(peer, renewRequest, body));
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(8);
    expect(codes.at(-1)).toBe('too-often: ');
    expect(node.logged).toHaveLength(8);
  });

  it('answers a question for the genesis when the last member is in, and without one when members stay away', async () => {
    const clock = createManualClock(systemClock.nowMs());
    await using node = await foundingNode(2, clock);
    await using member = await memoryNode(node.network, 'birch', birch);
    const peer = await member.connect('memory://amber');
    const ask = async () => {
      const decoded = meshMessages.genesisAnswer.decode(
        await requestOf(peer, genesisRequest, new Uint8Array()),
      );
      if (!decoded.ok) throw new Error(decoded.reason);
      return decoded.value;
    };
    const early = ask();
    await until(() => clock.pending > 0);
    clock.advance(10_000);
    expect(await early).toMatchObject({ genesis: new Uint8Array(), members: 1, wanted: 2 });
    const held = ask();
    const [token = new Uint8Array()] = node.tokens;
    await using machine = await enrollingNode(node.network, mesh.root, cedar.key);
    const session = await machine.connect('memory://amber');
    expect(await codeOf(session, enrolRequest, await enrolBody(cedar.key, token, 'cedar'))).toBe('accepted');
    const answer = await held;
    expect(answer).toMatchObject({ members: 2, wanted: 2 });
    expect(answer.genesis.length).toBeGreaterThan(100);
  });

  it('lets few machines at once hold sessions without a certificate, so that members find a place', async () => {
    await using node = await foundingNode(2);
    const machines = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const machine = await enrollingNode(node.network, mesh.root);
        await machine.connect('memory://amber');
        return machine;
      }),
    );
    await until(() => node.stoq.peers.length === 16);
    await using member = await memoryNode(node.network, 'birch', birch);
    await member.connect('memory://amber');
    await Promise.all(machines.map((machine) => machine.close()));
    await until(() => node.stoq.peers.length === 1);
  });
});

describe('a session of a machine without a certificate', () => {
  it('reaches nothing that is for members', async () => {
    await using node = await foundingNode(2);
    using directory = temporaryDirectory();
    using book = openAddressBook(directory);
    const store = createMemoryStore();
    const { root } = await publish(store, Buffer.from('for members'));
    const append = async () => Promise.reject(new Error('it was reached'));
    shareAddresses(node.stoq, { self: amber.nodeId, address: 'memory://amber', book, log: silentLog });
    serveTransparency(node.stoq, { append }, systemClock);
    serveContent(node.stoq, store, { authorize: (peer) => !isEnrolling(peer.identity) });
    await using machine = await enrollingNode(node.network, mesh.root);
    const peer = await machine.connect('memory://amber');
    const hello = meshMessages.hello.encode({ v: 1, address: 'quic://[::1]:1', known: [] });
    for (const [name, body] of [
      [genesisRequest, new Uint8Array()],
      [helloRequest, hello],
      [logRequest, meshMessages.logAsk.encode(Buffer.from('entry'))],
    ] as const) {
      expect(await codeOf(peer, name, body)).toBe('not-a-member: ');
    }
    expect(await fetchContent(peer, root, createMemoryStore())).toMatchObject({
      ok: false,
      reason: 'refused',
    });
    expect(book.entries()).toEqual([]);
  });
});

describe('the log of the mesh', () => {
  it('takes entries of members, so many at once and no larger ones', async () => {
    const network = createMemoryNetwork();
    await using stoq = await memoryNode(network, 'amber', amber);
    const proof = { checkpoint: 'note', leafIndex: 0, hashes: [] };
    let entries = 0;
    serveTransparency(stoq, { append: async () => ({ index: entries++, proof }) }, systemClock);
    await using member = await memoryNode(network, 'birch', birch);
    const peer = await member.connect('memory://amber');
    expect(await codeOf(peer, logRequest, Buffer.alloc(70_000))).toMatch(/^malformed: /);
    const body = meshMessages.logAsk.encode(Buffer.alloc(65_535));
    const codes = await Promise.all(Array.from({ length: 100 }, () => codeOf(peer, logRequest, body)));
    expect(entries).toBeGreaterThanOrEqual(64);
    expect(entries).toBeLessThan(80);
    expect(codes).toContain('too-often: ');
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
