import { createVrfKey } from '@hypermesh/consensus';
import { type Clock, silentLog } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createManualClock } from '@hypermesh/core/testing';
import type { Peer } from '@hypermesh/stoq';
import { createMemoryStore, fetchContent, publish, serveContent } from '@hypermesh/stoq/content';
import { createEnrolment, generateCertificateKeys } from '@hypermesh/trustchain/ca';
import type { KeyPair } from '@hypermesh/trustchain/suite';
import { beforeAll, describe, expect, it } from 'vitest';
import { isEnrolling } from '../src/adapters/authenticator.ts';
import { serveTransparency } from '../src/adapters/transparency.ts';
import { chainIn } from '../src/join.ts';
import { openAddressBook } from '../src/mesh/addresses.ts';
import { certificateNames, serveAuthority } from '../src/mesh/authority.ts';
import { shareAddresses } from '../src/mesh/directory.ts';
import { createFounding, openFounding } from '../src/mesh/founding.ts';
import { tokenDigest } from '../src/mesh/invitation.ts';
import { requestOf, textOfPeer } from '../src/mesh/members.ts';
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
