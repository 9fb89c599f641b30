import { existsSync, readFileSync } from 'node:fs';
import { createVrfKey } from '@hypermesh/consensus';
import { silentLog } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { createManualClock } from '@hypermesh/core/testing';
import { createMemoryNetwork, createStoq, type RequestHandler, refuse } from '@hypermesh/stoq';
import { verifyEnrolment } from '@hypermesh/trustchain/ca';
import { fingerprint } from '@hypermesh/trustchain/x509';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { certificateAuthenticator } from '../src/adapters/authenticator.ts';
import { readIfPresent, writeDurably } from '../src/data-directory.ts';
import { generateNodeKeys, nodeIdOfKeys, readChain } from '../src/identity.ts';
import { joinMesh, renewByEnrolling, storeChain } from '../src/join.ts';
import { openAddressBook } from '../src/mesh/addresses.ts';
import { issueNodeChain } from '../src/mesh/authority.ts';
import { encodeFacts, factsBinding, type MeshFacts } from '../src/mesh/facts.ts';
import { createFounding, openFounding } from '../src/mesh/founding.ts';
import { keepGenesis, receiveGenesis } from '../src/mesh/genesis.ts';
import type { Invitation } from '../src/mesh/invitation.ts';
import { createPeers } from '../src/mesh/peers.ts';
import { enrolRequest, genesisRequest, meshMessages } from '../src/mesh/protocol.ts';
import { keepCertified } from '../src/mesh/renewal.ts';
import {
  certify,
  createTestAuthority,
  failureOf,
  memoryNode,
  type TestAuthority,
  type TestIdentity,
  temporaryDirectory,
  until,
} from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let mesh: TestAuthority;
let evil: TestAuthority;
let amber: TestIdentity;

beforeAll(async () => {
  [mesh, evil] = await Promise.all([createTestAuthority(), createTestAuthority()]);
  amber = await certify(mesh);
});

describe('joining', () => {
  const cleanup = new AsyncDisposableStack();
  afterAll(() => cleanup.disposeAsync());
  const token = new Uint8Array(32).fill(9);

  /** A node on QUIC that answers enrolments as told. */
  async function inviting(answer: RequestHandler): Promise<Invitation> {
    const auth = certificateAuthenticator({
      credentials: amber.credentials,
      pinnedRoot: mesh.root,
      admitEnrolling: true,
      clock: systemClock,
    });
    const stoq = await createStoq({ auth, listen: ['quic://[::1]:0'] });
    cleanup.use(stoq);
    stoq.handle(enrolRequest, answer);
    return { v: 1, root: mesh.root, addresses: stoq.addresses, node: amber.nodeId, token };
  }

  const chainFor = async ({ authority }: TestAuthority, body: Uint8Array) => {
    const ask = meshMessages.enrolAsk.decode(body);
    if (!ask.ok) throw new Error(ask.reason);
    const nowMs = systemClock.nowMs();
    const verdict = await verifyEnrolment(ask.value.enrolment, { audience: mesh.root, nowMs, token });
    if (!verdict.ok) throw new Error(verdict.reason);
    return issueNodeChain(authority, verdict.request, async () => undefined);
  };
  const encode = (chain: Awaited<ReturnType<typeof chainFor>>) =>
    meshMessages.chainAnswer.encode(chain.map(({ der }) => der));

  it('pins the root of the invitation, whatever else the answer holds', async () => {
    using directory = temporaryDirectory();
    const root = evil.chain.at(-1);
    if (root === undefined) throw new Error('no root');
    const invitation = await inviting(async (body) => encode([...(await chainFor(mesh, body)), root]));
    await joinMesh(directory, { name: 'birch', invitation });
    const pinned = readChain(directory.root).map(fingerprint);
    expect(pinned).toEqual([mesh.root]);
    // A renewed chain never touches it either.
    storeChain(directory, [...amber.credentials.current().chain, root]);
    expect(readChain(directory.root).map(fingerprint)).toEqual([mesh.root]);
    expect(await failureOf(() => joinMesh(directory, { name: 'birch', invitation }))).toMatchObject({
      code: 'node/already-initialized',
    });
  });

  it('leaves no node behind where the answer cannot be believed, and may be repeated with the same keys', async () => {
    using directory = temporaryDirectory();
    writeDurably(directory.founding, 'left over by an interrupted init');
    const seen: unknown[] = [];
    const answers: RequestHandler[] = [
      () => refuse('invitation-used'),
      () => Buffer.from('garbage'),
      () => meshMessages.chainAnswer.encode([]),
      () => meshMessages.chainAnswer.encode([Buffer.from('no certificate')]),
      async (body) => encode(await chainFor(evil, body)),
      async () => encode(amber.credentials.current().chain),
      async (body) => encode(await chainFor(mesh, body)),
    ];
    let turn = 0;
    const invitation = await inviting((body, context) => {
      seen.push(context.peer.id);
      return answers[turn]?.(body, context) ?? refuse('no-more');
    });
    const reasons: string[] = [];
    for (turn = 0; turn < answers.length - 1; turn++) {
      const failure = await failureOf(() => joinMesh(directory, { name: 'birch', invitation }));
      expect(failure).toMatchObject({ code: 'node/refused', by: amber.nodeId });
      reasons.push('reason' in failure ? failure.reason : '');
      expect(existsSync(directory.config) || existsSync(directory.certificate)).toBe(false);
    }
    expect(reasons.slice(0, 4)).toEqual([
      'invitation-used',
      expect.any(String),
      'no certificate',
      expect.any(String),
    ]);
    expect(reasons.slice(4)).toEqual([
      'the chain does not end in the pinned root',
      'the certificate names another node',
    ]);
    const { nodeId } = await joinMesh(directory, { name: 'birch', invitation });
    expect(new Set(seen)).toEqual(new Set([nodeId]));
    expect(existsSync(directory.founding)).toBe(false);
    expect(readFileSync(directory.config, 'utf8')).toContain(amber.nodeId);
  });

  it('says that nobody answers where nobody does, and gives up when told to', async () => {
    using directory = temporaryDirectory();
    const invitation: Invitation = { v: 1, root: mesh.root, addresses: [], node: amber.nodeId, token };
    const join = (change: Partial<Invitation>, signal?: AbortSignal) =>
      failureOf(() =>
        joinMesh(directory, {
          name: 'birch',
          invitation: { ...invitation, ...change },
          ...(signal === undefined ? {} : { signal }),
        }),
      );
    expect(await join({})).toMatchObject({ code: 'node/unreachable', reason: 'it names no address' });
    expect(await join({ addresses: ['nowhere', 'quic://[::1]:1'] })).toMatchObject({
      code: 'node/unreachable',
    });
    expect(await join({ node: 'amber' })).toMatchObject({ code: 'node/refused' });
    const given = joinMesh(directory, {
      name: 'birch',
      invitation: { ...invitation, addresses: ['quic://[::1]:1'] },
      signal: AbortSignal.abort(new Error('stopped by SIGINT')),
    });
    await expect(given).rejects.toThrow('stopped by SIGINT');
    expect(existsSync(directory.lock)).toBe(false);
  });

  it('renewing asks only a node of the pinned root', async () => {
    const keys = await generateNodeKeys();
    const invitation = await inviting(() => refuse('no'));
    const founder = { node: amber.nodeId, addresses: invitation.addresses };
    expect(await failureOf(() => renewByEnrolling(keys, mesh.root, founder))).toMatchObject({
      code: 'node/refused',
      reason: 'unknown-name',
    });
    expect(await failureOf(() => renewByEnrolling(keys, evil.root, founder))).toMatchObject({
      code: 'node/unreachable',
    });
    expect(nodeIdOfKeys(keys)).toMatch(/^bafy/);
  });
});

describe('a certificate', () => {
  it('is renewed when three quarters of its life are over, and again', async () => {
    const clock = createManualClock(systemClock.nowMs());
    const identity = await certify(mesh, { lifetimeMs: 3_600_000 });
    let renewals = 0;
    using _kept = keepCertified(identity.credentials, {
      clock,
      log: silentLog,
      async renew() {
        renewals++;
        const renewed = await certify(await laterAuthority(), { key: identity.key, lifetimeMs: 3_600_000 });
        return renewed.credentials.current().chain;
      },
    });
    const laterAuthority = () => createTestAuthority(clock);
    const [first] = identity.credentials.current().chain;
    clock.advance(2_500_000);
    expect(renewals).toBe(0);
    clock.advance(300_000);
    expect(renewals).toBe(1);
    await until(() => identity.credentials.current().chain[0] !== first);
    await until(() => clock.pending === 1);
    clock.advance(2_900_000);
    expect(renewals).toBe(2);
  });

  it('that cannot be renewed is tried again each minute, until the node ends', async () => {
    const clock = createManualClock(systemClock.nowMs());
    const identity = await certify(mesh, { lifetimeMs: 3_600_000 });
    let attempts = 0;
    const warned: string[] = [];
    const kept = keepCertified(identity.credentials, {
      clock,
      log: { ...silentLog, warn: (event) => void warned.push(event) },
      async renew() {
        attempts++;
        throw new Error('nobody there');
      },
    });
    clock.advance(2_800_000);
    for (const expected of [1, 2, 3]) {
      await until(() => warned.length === expected);
      expect(attempts).toBe(expected);
      clock.advance(60_000);
    }
    await until(() => warned.length === 4);
    kept[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });

  it('that comes back as old as it was is not asked for without pause', async () => {
    const clock = createManualClock(systemClock.nowMs() + 3_000_000);
    const identity = await certify(mesh, { lifetimeMs: 3_600_000 });
    let renewals = 0;
    const kept = keepCertified(identity.credentials, {
      clock,
      log: silentLog,
      async renew() {
        renewals++;
        return identity.credentials.current().chain;
      },
    });
    clock.advance(0);
    await until(() => renewals === 1 && clock.pending === 1);
    clock.advance(59_000);
    expect(renewals).toBe(1);
    clock.advance(1_000);
    expect(renewals).toBe(2);
    kept[Symbol.dispose]();
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.pending).toBe(0);
  });
});

describe('the genesis', () => {
  it('is asked for until there is one, at a measured pace, and stored only when it is believed', async () => {
    using directory = temporaryDirectory();
    using founders = temporaryDirectory();
    const network = createMemoryNetwork();
    const birch = await certify(mesh);
    await using founder = await memoryNode(network, 'amber', amber);
    await using stoq = await memoryNode(network, 'birch', birch);
    using book = openAddressBook(directory);
    book.note(amber.nodeId, 'memory://amber');
    await using peers = createPeers(birch.nodeId, stoq, book, { clock: systemClock, log: silentLog });

    createFounding(founders, {
      mesh: 'test',
      validators: 1,
      root: mesh.root,
      token: () => new Uint8Array(32),
    });
    const founding = openFounding(founders, systemClock);
    const own = {
      v: 1,
      node: amber.nodeId,
      name: 'amber',
      key: amber.key.publicKey,
      signer: 'amber',
    } as const;
    founding?.admit({ ...own, vrfKey: createVrfKey(generateKey().secretKey).publicKey }, undefined);
    const made = founding?.genesis('log key');
    if (made === undefined) throw new Error('nothing was founded');

    const answer = {
      v: 1,
      genesis: new Uint8Array(),
      facts: new Uint8Array(),
      members: 1,
      wanted: 4,
    } as const;
    const replies: (() => Uint8Array | ReturnType<typeof refuse>)[] = [
      () => refuse('busy'),
      () => Buffer.from('garbage'),
      () => meshMessages.genesisAnswer.encode(answer),
      () =>
        meshMessages.genesisAnswer.encode({ ...answer, genesis: made.bytes, facts: encodeFacts(made.facts) }),
    ];
    let asked = 0;
    founder.handle(
      genesisRequest,
      () => replies[Math.min(asked++, replies.length - 1)]?.() ?? refuse('none'),
    );

    const clock = createManualClock();
    const source = {
      founder: undefined,
      founderId: amber.nodeId,
      peers,
      clock,
      log: silentLog,
      signal: new AbortController().signal,
    };
    const receiving = receiveGenesis(directory, source);
    for (const count of [1, 2, 3]) {
      await until(() => clock.pending === 1);
      expect(asked).toBe(count);
      clock.advance(500);
    }
    const received = await receiving;
    expect(received.chainId).toBe(made.chainId);
    expect(readIfPresent(directory.genesis)).toBeUndefined();
    keepGenesis(directory, received);
    await founder.close();
    expect((await receiveGenesis(directory, source)).chainId).toBe(made.chainId);

    writeDurably(directory.facts, 'garbage');
    expect(await failureOf(() => receiveGenesis(directory, source))).toMatchObject({
      code: 'node/damaged-file',
      file: directory.facts,
    });
  });

  it('that is no genesis, or comes with facts that are none, is refused and not stored', async () => {
    using directory = temporaryDirectory();
    const network = createMemoryNetwork();
    const birch = await certify(mesh);
    await using founder = await memoryNode(network, 'amber', amber);
    await using stoq = await memoryNode(network, 'birch', birch);
    using book = openAddressBook(directory);
    book.note(amber.nodeId, 'memory://amber');
    await using peers = createPeers(birch.nodeId, stoq, book, { clock: systemClock, log: silentLog });
    founder.handle(genesisRequest, () =>
      meshMessages.genesisAnswer.encode({
        v: 1,
        genesis: Buffer.from('garbage'),
        facts: new Uint8Array(),
        members: 1,
        wanted: 1,
      }),
    );
    const signal = new AbortController().signal;
    const source = {
      founder: undefined,
      founderId: amber.nodeId,
      peers,
      clock: systemClock,
      log: silentLog,
      signal,
    };
    expect(await failureOf(() => receiveGenesis(directory, source))).toMatchObject({
      code: 'node/refused',
      by: amber.nodeId,
    });
    expect(readIfPresent(directory.genesis)).toBeUndefined();
    const stopped = AbortSignal.abort(new Error('the node stops'));
    await expect(receiveGenesis(directory, { ...source, signal: stopped })).rejects.toThrow('the node stops');
  });

  it('is bound to its facts by their digest', () => {
    const facts: MeshFacts = { v: 1, root: mesh.root, logKey: 'key', signers: {} };
    const digest = (change: Partial<MeshFacts>) =>
      Buffer.from(factsBinding({ ...facts, ...change })['facts'] ?? []).toString('hex');
    expect(digest({})).toBe(digest({}));
    expect(new Set([digest({}), digest({ logKey: 'other' }), digest({ root: 'other' })]).size).toBe(3);
  });
});
