import { createSocket } from 'node:dgram';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeProof, decodeTransaction, encodeTransaction } from '@hypermesh/consensus';
import { tamper } from '@hypermesh/consensus/testing';
import { fromHex, toHex } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { createStoq, quicCarrier } from '@hypermesh/stoq';
import { fingerprint } from '@hypermesh/trustchain/x509';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { enrollingAuthenticator } from '../src/adapters/authenticator.ts';
import { readChain } from '../src/identity.ts';
import {
  enrolRequest,
  genesisRequest,
  helloRequest,
  logRequest,
  renewRequest,
} from '../src/mesh/protocol.ts';
import { executeRequest, reexecuteRequest } from '../src/run/protocol.ts';
import type { NodeStatus } from '../src/status.ts';
import { writeEchoPackage } from './echo-package.ts';
import { type FourProcesses, type Name, names, openFourProcesses, stolenSession } from './four-processes.ts';
import { payForRun } from './paying.ts';
import { hypermesh, startNode } from './processes.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let mesh: FourProcesses;
let nodes: FourProcesses['nodes'];
let directoryOf: FourProcesses['directoryOf'];

interface Final {
  readonly id: string;
  readonly height: number;
}
const register = (name: Name, note: string) => nodes[name].call<Final>('register-asset', { note });

beforeAll(async () => {
  mesh = await openFourProcesses();
  ({ nodes, directoryOf } = mesh);
});

afterAll(() => mesh?.[Symbol.asyncDispose]());

describe('four nodes, each a process', () => {
  it('found a mesh by init, up and join, agree on block 1 and see each other over post-quantum QUIC', async () => {
    const heads = await Promise.all(names.map((name) => nodes[name].call('final', { height: 1 })));
    expect(new Set(heads.map(({ hash }) => hash)).size).toBe(1);
    expect(heads[0]?.['validators']).toHaveLength(4);
    const status = await nodes.birch.call<NodeStatus>('status');
    expect(status.ledger).toMatchObject({ validators: 4, quorum: 3, faultsTolerated: 1 });
    for (const member of status.members.filter(({ self }) => !self)) {
      expect(member).toMatchObject({
        connected: true,
        carrier: 'quic',
        kem: 'X25519+ML-KEM-768',
        signature: 'P-256+ML-DSA-65',
      });
    }
  });

  it('can each be found with what it holds', async () => {
    for (const name of names) {
      await nodes[name].call('final', { height: 1 });
      const { content } = await nodes[name].call<NodeStatus>('status');
      expect(content).toMatchObject({
        discovery: { state: 'on', peerId: expect.stringMatching(/^12D3Koo/) },
      });
    }
  });

  it('have used every invitation: nobody joins by one again', async () => {
    const listed = await hypermesh('invite', '--data', directoryOf('amber').path, '--json');
    expect(listed.json()).toMatchObject({ ok: true, invitations: [] });
    const path = join(mesh.folder, 'elm');
    const again = await hypermesh(
      'join',
      mesh.invitations[0] ?? '',
      '--data',
      path,
      '--name',
      'elm',
      '--json',
    );
    expect(again.code).toBe(4);
    expect(again.json()).toMatchObject({
      ok: false,
      error: { code: 'node/refused', reason: 'invitation-used' },
    });
  });

  it('publish, install and run a package by the command line, and a fourth node finds the same', async () => {
    const path = join(mesh.folder, 'package');
    writeEchoPackage(path);
    const published = await hypermesh(
      'catalog',
      'publish',
      path,
      '--data',
      directoryOf('amber').path,
      '--json',
    );
    expect(published.json()).toMatchObject({
      ok: true,
      version: '1.2.3',
      signers: [{ suite: 'ed25519' }, { suite: 'falcon-1024-r3' }],
      sequence: 1,
      finalized: true,
      copies: 2,
    });
    await nodes.birch.call('final', { height: published.json()['height'] });
    const installed = await hypermesh(
      'catalog',
      'install',
      'echo@^1.0.0',
      '--data',
      directoryOf('birch').path,
      '--json',
    );
    expect(installed.json()).toMatchObject({
      ok: true,
      digest: published.json()['digest'],
      bytesMoved: expect.any(Number),
      packages: [{ name: 'echo', version: '1.2.3' }],
    });
    const ran = await hypermesh(
      'run',
      'echo',
      '--on',
      'cedar',
      '--data',
      directoryOf('birch').path,
      '--json',
    );
    expect(ran.json()).toMatchObject({
      ok: true,
      node: 'cedar',
      exit: 'ok',
      outputText: 'the same bytes again',
      matches: true,
      proofs: { space: 'valid', stake: 'valid', work: 'valid', time: 'valid' },
    });
    const short = await hypermesh(
      'run',
      'echo',
      '--on',
      'cedar',
      '--fuel',
      '1',
      '--data',
      directoryOf('birch').path,
    );
    expect(short.code).toBe(1);
    expect(short.stdout).toContain('out-of-fuel');
    const twice = await hypermesh('catalog', 'publish', path, '--data', directoryOf('amber').path, '--json');
    expect(twice.json()).toMatchObject({ ok: true, already: true, digest: published.json()['digest'] });
    writeFileSync(join(path, 'input.txt'), 'other bytes');
    const changed = await hypermesh(
      'catalog',
      'publish',
      path,
      '--data',
      directoryOf('amber').path,
      '--json',
    );
    expect(changed.json()).toMatchObject({ ok: false, error: { code: 'catalog/version-exists' } });
    const squatted = await hypermesh(
      'catalog',
      'publish',
      path,
      '--data',
      directoryOf('delta').path,
      '--json',
    );
    expect(squatted.json()).toMatchObject({ ok: false, error: { code: 'catalog/version-exists' } });
  });

  it('mend what rots on their disks, from parity or from each other, when told to scrub', async () => {
    const { content, parity } = directoryOf('amber');
    const chunks = join(content, 'chunks');
    const sound = new Map(readdirSync(chunks).map((name) => [name, readFileSync(join(chunks, name))]));
    expect(sound.size).toBeGreaterThan(0);
    for (const [name, bytes] of sound) {
      writeFileSync(join(chunks, name), Buffer.from(bytes).fill(0x55, 0, 16));
    }
    // Without parity all of it has to come from others.
    rmSync(parity, { recursive: true, force: true });
    mkdirSync(parity);
    const scrubbed = await hypermesh('scrub', '--data', directoryOf('amber').path, '--json');
    expect(scrubbed.json()).toMatchObject({ ok: true, damaged: sound.size, lost: [] });
    for (const [name, bytes] of sound) expect(readFileSync(join(chunks, name)).equals(bytes)).toBe(true);
    const again = await hypermesh('scrub', '--data', directoryOf('amber').path);
    expect(again.stdout).toMatch(/^[0-9]+ chunks of [0-9]+ roots: 0 damaged, 0 missing$/m);
  });

  it('pay for a run by the command line: each of them recomputes the same accounts, and nothing is lost or made', () =>
    payForRun(nodes, (name) => directoryOf(name).path));

  it('refuse a lease whose proof was altered, the ledger and the executing node alike, naming the leg', async () => {
    const { transaction } = await nodes.birch.call<{ transaction: string }>('prepare-lease', {
      spec: 'echo',
      on: 'cedar',
    });
    const bytes = fromHex(transaction);
    const opened = bytes.ok ? decodeTransaction(bytes.bytes) : bytes;
    const proof = opened.ok ? decodeProof(opened.encoded.proof) : opened;
    if (!opened.ok || !proof.ok) throw new Error('the node prepared no transaction');
    for (const leg of ['space', 'stake', 'work', 'time'] as const) {
      const altered = toHex(
        encodeTransaction({ operation: opened.operation, proof: tamper[leg](proof.proof) }),
      );
      const refusal = { code: 'node/operation-refused', failure: { leg } };
      await expect(nodes.birch.call('submit', { transaction: altered })).rejects.toMatchObject(refusal);
      await expect(nodes.birch.call('execute', { transaction: altered, on: 'cedar' })).rejects.toMatchObject(
        refusal,
      );
    }
    await expect(nodes.birch.call('execute', { transaction, on: 'cedar' })).rejects.toMatchObject({
      code: 'node/refused',
    });
  });
});

describe('a node among hostile peers', () => {
  /** It answers, and its ledger goes on. */
  async function isUp(name: Name): Promise<void> {
    expect(await nodes[name].call<NodeStatus>('status')).toMatchObject({ name, phase: 2 });
    const { height } = await register(name, 'still here');
    expect(height).toBeGreaterThan(0);
  }

  it('lend memory and use it by the command line through a global address, until the grant is revoked [proxy-02]', async () => {
    const memory = (name: Name, ...argv: readonly string[]) =>
      hypermesh('memory', ...argv, '--data', directoryOf(name).path, '--json');
    const lent = (await memory('delta', 'lend', '8192', '--for', '600')).json();
    const address = String(lent['address']);
    expect(lent).toMatchObject({ ok: true, sizeBytes: 8192, address: expect.stringMatching(/^fd48:4d00:/) });
    const granted = (await memory('delta', 'grant', address, '--to', 'amber', '--rights', 'rw')).json();
    expect(granted).toMatchObject({ ok: true, to: 'amber', rights: 'rw', isRevoked: false });
    await nodes.amber.call('final', { height: granted['height'] });
    expect((await memory('amber', 'write', address, 'kept by delta')).json()).toMatchObject({ written: 13 });
    const read = (await memory('amber', 'read', address, '--length', '13')).json();
    expect(Buffer.from(String(read['bytes']), 'hex').toString()).toBe('kept by delta');
    const refused = await memory('amber', 'add', address, '1');
    expect(refused.json()).toMatchObject({ error: { code: 'node/memory-fault', fault: 'Protection' } });
    expect((await memory('amber', 'list')).json()).toMatchObject({
      usable: [{ home: 'delta', rights: 'rw' }],
    });
    const revoked = (await memory('delta', 'revoke', String(granted['grant']))).json();
    expect(revoked).toMatchObject({ ok: true, isRevoked: true });
    for (const action of [
      ['read', address],
      ['write', address, 'too late'],
    ]) {
      const late = await memory('amber', ...action);
      expect(late.code).toBe(4);
      expect(late.json()).toMatchObject({ error: { code: 'node/memory-fault', fault: 'Revoked' } });
    }
    expect((await memory('delta', 'list')).json()).toMatchObject({ grants: [{ isRevoked: true }] });
    const wrong = await memory('delta', 'lend');
    expect([wrong.code, wrong.json()]).toMatchObject([
      2,
      { error: { code: 'node/bad-flag', flag: 'BYTES' } },
    ]);
  });

  it('stays up under datagrams of garbage', async () => {
    const { port } = new URL(nodes.cedar.address.replace('quic:', 'http:'));
    const socket = createSocket('udp6');
    for (let count = 0; count < 500; count++) {
      const bytes = crypto.getRandomValues(new Uint8Array(1 + ((count * 37) % 1400)));
      await new Promise((resolve) => socket.send(bytes, Number(port), '::1', resolve));
    }
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    await isUp('cedar');
  });

  it('stays up under connections that say nothing, half a frame, a huge length or garbage', async () => {
    const carrier = quicCarrier();
    const frames = [
      new Uint8Array(),
      Uint8Array.of(0),
      Uint8Array.of(0xff, 0xff, 0xff, 0xff),
      Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 1, 2, 3),
      crypto.getRandomValues(new Uint8Array(5000)),
    ];
    const connections = [];
    for (const frame of [...frames, ...frames]) {
      const connection = await carrier.dial(nodes.cedar.address);
      const stream = await connection.openStream();
      if (frame.length > 0) await stream.write(frame).catch(() => undefined);
      connections.push(connection);
    }
    await isUp('cedar');
    for (const connection of connections) connection.close();
    await isUp('cedar');
  });

  it('gives a machine without a certificate nothing, and a member’s garbage a typed refusal', async () => {
    const pinned = fingerprint(readChain(directoryOf('amber').root)[0] ?? new Uint8Array());
    await using stoq = await createStoq({ auth: enrollingAuthenticator(generateKey(), pinned, systemClock) });
    await expect(stoq.connect(nodes.cedar.address)).rejects.toThrow();
    const machine = await stoq.connect(nodes.amber.address);
    for (const name of [genesisRequest, helloRequest, logRequest, executeRequest, reexecuteRequest]) {
      expect(await machine.request(name, Buffer.from('let me in'))).toMatchObject({
        ok: false,
        code: 'not-a-member',
      });
    }
    await expect(machine.request('mesh/none/1')).resolves.toMatchObject({
      ok: false,
      reason: 'unknown-name',
    });

    const stolen = await stolenSession(mesh, 'delta', 'amber');
    const garbage = [new Uint8Array(), Buffer.from('garbage'), Buffer.alloc(3_000_000, 0x9f)];
    for (const name of [enrolRequest, renewRequest, logRequest, executeRequest, reexecuteRequest]) {
      for (const body of garbage) {
        expect(await stolen.peer.request(name, body)).toMatchObject({ ok: false, code: 'malformed' });
      }
    }
    await stolen.stoq.close();
    await isUp('amber');
  });

  it('stays up under a member that floods it with requests and with messages that are no votes', async () => {
    const { stoq, peer } = await stolenSession(mesh, 'delta', 'cedar');
    const floods = Array.from({ length: 400 }, (_, index) =>
      peer.request(
        index % 2 === 0 ? executeRequest : helloRequest,
        crypto.getRandomValues(new Uint8Array(2000)),
      ),
    );
    const answers = await Promise.all(floods);
    expect(answers.every(({ ok }) => typeof ok === 'boolean')).toBe(true);
    const stream = await peer.openMessages('ledger/consensus/1');
    for (let count = 0; count < 200; count++) await stream.send(crypto.getRandomValues(new Uint8Array(1000)));
    await stream.close();
    await stoq.close();
    await isUp('cedar');
    const { secondVotesSeen } = await nodes.cedar.call<NodeStatus>('status');
    expect(secondVotesSeen).toBe(0);
  });
});

describe('a validator that is killed', () => {
  it('with SIGKILL comes back, has all that was acknowledged, and nobody saw it vote twice', async () => {
    const before = await register('delta', 'before');
    expect(await nodes.delta.end('SIGKILL')).toBe('SIGKILL');
    const during = [await register('amber', 'during'), await register('birch', 'during')];
    nodes.delta = await startNode(directoryOf('delta').path);
    const operations = [before, ...during];
    await nodes.delta.call('final', { height: Math.max(...operations.map(({ height }) => height)) });
    const ids = operations.map(({ id }) => id);
    expect(await nodes.delta.call('missing', { operations: ids })).toEqual({ missing: [] });
    const after = await register('delta', 'after');
    expect(after.height).toBeGreaterThan(before.height);
    for (const name of names) {
      expect((await nodes[name].call<NodeStatus>('status')).secondVotesSeen).toBe(0);
    }
  });

  it('with SIGTERM ends in good order, all four of them', async () => {
    const codes = await Promise.all(names.map((name) => nodes[name].end('SIGTERM')));
    expect(codes).toEqual([0, 0, 0, 0]);
    for (const name of names) {
      expect(readFileSync(directoryOf(name).config, 'utf8')).toContain(name);
      expect(nodes[name].log()).not.toContain('"level":"error"');
    }
  });
});
