import { createGenesis } from '@hypermesh/consensus';
import { encodeRecord, type NodeId, record, s, utf8 } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { signBundle } from '@hypermesh/trustchain/sign';
import { type KeyPair, suiteFor } from '@hypermesh/trustchain/suite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trustchainArtifacts } from '../src/adapters/artifacts.ts';
import { openTransparency } from '../src/adapters/transparency.ts';
import type { SignedArtifact } from '../src/catalog/artifacts.ts';
import { defaultConfig } from '../src/config.ts';
import { type NodeKeys, signerIdOf } from '../src/identity.ts';
import { foundingPlots, foundingPower } from '../src/ledger/options.ts';
import { factsBinding, type MeshFacts } from '../src/mesh/facts.ts';
import type { LoggedEntry, Transparency } from '../src/mesh/transparency.ts';
import { type Phase2, phase1, phase2 } from '../src/phases.ts';
import { certify, createTestAuthority, failureOf, type TestIdentity, temporaryDirectory } from './support.ts';

const document = utf8('the bytes of a document');
const directory = temporaryDirectory();
const cleanup = new AsyncDisposableStack();
let log: Transparency & { readonly verifierKey: string };
let otherLog: Transparency;
let publisher: Phase2;
let reader: Phase2;
let listed: Record<string, string>;
let signed: SignedArtifact;

const keysOf = (identity: TestIdentity, falcon: KeyPair): NodeKeys => ({
  ed25519: identity.key,
  falcon,
  certificate: identity.credentials.current().keys,
  vrfSeed: new Uint8Array(32),
});

beforeAll(async () => {
  const mesh = await createTestAuthority();
  const [amber, birch] = await Promise.all([certify(mesh), certify(mesh)]);
  const falcon = suiteFor('falcon-1024-r3');
  const [amberKeys, birchKeys] = [
    keysOf(amber, await falcon.generate()),
    keysOf(birch, await falcon.generate()),
  ];
  log = cleanup.use(await openTransparency(`${directory.log}-1`, 'hypermesh.online/log', generateKey()));
  otherLog = cleanup.use(await openTransparency(`${directory.log}-2`, 'hypermesh.online/log', generateKey()));
  listed = { [amber.nodeId]: signerIdOf(amberKeys), [birch.nodeId]: signerIdOf(birchKeys) };
  const facts: MeshFacts = { v: 1, root: mesh.root, logKey: log.verifierKey, signers: listed };
  const made = createGenesis({
    name: 'test',
    createdMs: 1,
    profile: 'localhost',
    members: [amber, birch].map(({ key }, index) => ({
      name: `member-${index}`,
      key: key.publicKey,
      vrfKey: generateKey().publicKey,
      power: foundingPower,
      validator: true,
      space: foundingPlots,
    })),
    bindings: factsBinding(facts),
  });
  const phaseOf = (identity: TestIdentity, keys: NodeKeys): Phase2 => {
    const config = { ...defaultConfig, name: 'node' };
    const before = { phase: 0, nodeId: identity.nodeId, keys, config, pinnedRoot: mesh.root } as const;
    const first = phase1(before, identity.credentials, systemClock);
    const second = first.ok ? phase2(first.next, { ...made, facts }) : first;
    if (!second.ok) throw new Error(second.reason);
    return second.next;
  };
  publisher = phaseOf(amber, amberKeys);
  reader = phaseOf(birch, birchKeys);
  signed = await artifactsOf(publisher).sign(document);
});

afterAll(async () => {
  await cleanup.disposeAsync();
  directory[Symbol.dispose]();
});

const artifactsOf = (phase: Phase2, transparency: Transparency = log) =>
  trustchainArtifacts({ phase, transparency, clock: systemClock });

async function reasonOf(bundle: Uint8Array, bytes = document, phase = reader): Promise<string> {
  const verdict = await artifactsOf(phase).verify(bundle, bytes);
  return verdict.ok ? `signed by ${verdict.publisher}` : verdict.reason;
}

describe('a signed artifact', () => {
  it('holds for another node, by both keys of its publisher', async () => {
    const verdict = await artifactsOf(reader).verify(signed.bundle, document);
    expect(verdict).toMatchObject({ ok: true, publisher: publisher.nodeId });
    expect(verdict.ok ? verdict.signers : []).toEqual(signed.signers);
    expect(signed.signers.map(({ suite }) => suite)).toEqual(['ed25519', 'falcon-1024-r3']);
  });

  it('is refused with other bytes, cut, empty, or with bits of it altered', async () => {
    expect(await reasonOf(signed.bundle, utf8('other bytes'))).toMatch(/^content: /);
    expect(await reasonOf(signed.bundle.subarray(0, -1))).toMatch(/^format: /);
    expect(await reasonOf(new Uint8Array())).toMatch(/^format: /);
    const { length } = signed.bundle;
    for (const part of [0.05, 0.3, 0.5, 0.7, 0.9, 0.999]) {
      const altered = signed.bundle.slice();
      const at = Math.floor(part * length);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(await reasonOf(altered)).not.toMatch(/^signed by/);
    }
  });

  it('is refused without a proof of the log, and with one of another log', async () => {
    const { ed25519, falcon } = publisher.keys;
    const unlogged = await signBundle({
      content: document,
      type: 'application/vnd.hypermesh.package+cbor',
      signer: { ed25519, falcon1024: falcon },
      signedAtMs: systemClock.nowMs(),
      chain: publisher.credentials.current().chain.map(({ der }) => der),
    });
    expect(await reasonOf(unlogged)).toMatch(/^log: /);
    expect(await failureOf(() => artifactsOf(publisher, otherLog).sign(document))).toMatchObject({
      code: 'node/refused',
      reason: expect.stringMatching(/^log: /),
    });
  });

  it('is refused when a log answers the proof of another entry: the publisher notices before anybody else', async () => {
    const lying: Transparency = {
      async append(entry): Promise<LoggedEntry> {
        await log.append(entry);
        return log.append(utf8('another entry'));
      },
    };
    expect(await failureOf(() => artifactsOf(publisher, lying).sign(document))).toMatchObject({
      reason: expect.stringMatching(/^log: /),
    });
  });

  it('is refused when the keys are not those that the mesh lists for its publisher', async () => {
    const falcon = await suiteFor('falcon-1024-r3').generate();
    const swapped = { ...publisher, keys: { ...publisher.keys, falcon } };
    expect(await failureOf(() => artifactsOf(swapped).sign(document))).toMatchObject({
      reason: 'the keys are not those that the mesh lists for its publisher',
    });
    const unlisted = { ...reader, facts: { ...reader.facts, signers: {} } };
    expect(await reasonOf(signed.bundle, document, unlisted)).toBe(
      'the keys are not those that the mesh lists for its publisher',
    );
  });

  it('is refused when it comes with the certificate of another member', async () => {
    const borrowed = { ...publisher, credentials: reader.credentials };
    expect(await failureOf(() => artifactsOf(borrowed).sign(document))).toMatchObject({
      reason: expect.stringMatching(/^chain: /),
    });
  });

  it('is refused under another root, and where it was signed as something else', async () => {
    const foreign = { ...reader, pinnedRoot: 'SHA256:00' };
    expect(await reasonOf(signed.bundle, document, foreign)).toMatch(/^chain: /);
    const { ed25519, falcon } = publisher.keys;
    const other = await signBundle({
      content: document,
      type: 'text/plain',
      signer: { ed25519, falcon1024: falcon },
      signedAtMs: systemClock.nowMs(),
      chain: publisher.credentials.current().chain.map(({ der }) => der),
    });
    expect(await reasonOf(other)).not.toMatch(/^signed by/);
  });

  it('verification never throws for any bytes', async () => {
    const shape = record({ v: s.literal(1) });
    for (const bytes of [Uint8Array.of(0xff), encodeRecord(shape, { v: 1 }), new Uint8Array(100_000)]) {
      expect(await reasonOf(bytes)).not.toMatch(/^signed by/);
    }
    expect(Object.keys(listed) as NodeId[]).toContain(publisher.nodeId);
  });
});
