import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Asset, createAsset, encodePolicy, verifyInventory } from '@hypermesh/assets';
import { cidOf, type NodeId, nodeIdOf, silentLog, toHex } from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultConfig } from '../src/config.ts';
import { encodeAssetEntry } from '../src/inventory/asset-entry.ts';
import { openMachine } from '../src/inventory/machine.ts';
import { type InventoryService, openInventory } from '../src/inventory/service.ts';
import type { LedgerService } from '../src/ledger/service.ts';
import type { Phase2 } from '../src/phases.ts';
import { openLoneLedger } from './lone-ledger.ts';
import { failureOf, temporaryDirectory } from './support.ts';

// Proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const ports = { clock: systemClock, log: silentLog };
const { signal } = new AbortController();
const key = generateKey();
const signer = createSigner(key.secretKey);
const keys = { ed25519: key, vrfSeed: systemRandom.bytes(32) } as Phase2['keys'];
const self = nodeIdOf(key.publicKey);
const stranger = nodeIdOf(generateKey().publicKey);

describe('the machine of a node', () => {
  it('is measured at the first start, offline, and the signed block of it can be verified by anybody [assets-08]', async () => {
    using directory = temporaryDirectory();
    const machine = await openMachine(directory, { ed25519: key }, ports);
    const kept = readFileSync(directory.inventory);
    const verdict = verifyInventory(kept);
    if (!verdict.ok) throw new Error(verdict.reason);
    expect(verdict.inventory.assets.map(({ record }) => record.kind)).toEqual(['cpu', 'memory', 'storage']);
    expect(toHex(verdict.inventory.owner)).toBe(toHex(key.publicKey));
    expect((await openMachine(directory, { ed25519: key }, ports)).inventory).toEqual(machine.inventory);
    expect(readFileSync(directory.inventory)).toEqual(kept);
  });

  it('is not believed where the block is damaged or of another node', async () => {
    using directory = temporaryDirectory();
    await openMachine(directory, { ed25519: key }, ports);
    const other = await failureOf(() => openMachine(directory, { ed25519: generateKey() }, ports));
    expect(other).toMatchObject({ code: 'node/damaged-file', reason: 'another node signed it' });
    const bytes = readFileSync(directory.inventory);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    writeFileSync(directory.inventory, bytes);
    const damaged = await failureOf(() => openMachine(directory, { ed25519: key }, ports));
    expect(damaged).toMatchObject({ code: 'node/damaged-file', reason: 'signature' });
  });
});

describe('the inventory of a node', () => {
  const directory = temporaryDirectory();
  const cleanup = new AsyncDisposableStack();
  let ledger: LedgerService;
  let inventory: InventoryService;
  const sequence = () => ledger.ledger.sequenceOf(key.publicKey);
  const own = (kind: string): Asset => {
    const found = inventory.assets.list().find(({ asset }) => asset.record.kind === kind);
    if (found === undefined) throw new Error(`no ${kind}`);
    return found.asset;
  };

  async function open(): Promise<void> {
    const machine = await openMachine(directory, { ed25519: key }, ports);
    const phase = { keys, config: { ...defaultConfig, name: 'amber' }, nodeId: self } as Phase2;
    inventory = await openInventory(directory, phase, {
      ...ports,
      ledger,
      machine,
      isMember: (node) => node === self,
      keyOf: () => key.publicKey,
      signal,
    });
  }

  async function restart(): Promise<void> {
    await inventory[Symbol.asyncDispose]();
    await open();
  }

  beforeAll(async () => {
    ledger = cleanup.use(await openLoneLedger(directory, keys));
    await open();
  });

  afterAll(async () => {
    await inventory[Symbol.asyncDispose]();
    await cleanup.disposeAsync();
    directory[Symbol.dispose]();
  });

  it('stands on the ledger with its four proofs, each device once, also after restarts and a lost journal', async () => {
    await inventory.registered(signal);
    expect(inventory.assets.list().map(({ state }) => state)).toEqual([
      'available',
      'available',
      'available',
    ]);
    expect(sequence()).toBe(3);
    await restart();
    await inventory.registered(signal);
    await inventory[Symbol.asyncDispose]();
    rmSync(directory.assetJournal);
    await open();
    await inventory.registered(signal);
    expect(sequence()).toBe(3);
    expect([...inventory.ledger.all()].map(({ owner }) => owner)).toEqual([self, self, self]);
    expect(inventory.assets.list().map(({ state }) => state)).toEqual([
      'available',
      'available',
      'available',
    ]);
  });

  it('is claimed whole or not at all under the policy of its owner, and says why not', async () => {
    const { claims } = inventory;
    const half = own('memory').record.attributes['bytes'] as number;
    const ask = (requester: NodeId, memoryBytes: number) => ({
      requester,
      needs: { cpuMicrosPerSecond: 1_000, memoryBytes },
      durationMs: 60_000,
    });
    expect(claims.explain(ask(self, 1_000))).toEqual([]);
    const refused = await claims.reserve(ask(self, half));
    expect(refused).toMatchObject({
      ok: false,
      reasons: [{ asset: own('memory').id, kind: 'memory', code: 'over-share', rule: /^share 5000 bp/ }],
    });
    expect(await claims.reserve({ ...ask(self, 1_000), durationMs: 10 ** 9 })).toMatchObject({
      reasons: [{ code: 'too-long' }],
    });
    expect(await claims.reserve(ask(stranger, 1_000))).toMatchObject({
      reasons: [{ code: 'not-reachable' }],
    });
    const held = await claims.reserve(ask(self, 1_000));
    if (!held.ok) throw new Error('it is free');
    expect(await claims.commit(held.claim.id)).toMatchObject({ ok: true });
    expect(inventory.assets.find(own('cpu').id)?.state).toBe('active');
    await claims.release(held.claim.id);
    await claims.release(held.claim.id);
    expect(await claims.commit(held.claim.id)).toMatchObject({ ok: false });
    expect(inventory.assets.find(own('cpu').id)?.state).toBe('available');
  });

  it('is claimed in turn where others hold it, and refused with the place in the queue when the time is over', async () => {
    const { claims } = inventory;
    const most = Math.floor((own('memory').record.attributes['bytes'] as number) / 2);
    const ask = { requester: self, needs: { memoryBytes: most }, durationMs: 60_000 };
    const first = await claims.reserve(ask);
    if (!first.ok) throw new Error('it is free');
    await claims.commit(first.claim.id);
    expect(await claims.reserve({ ...ask, waitMs: 1 })).toMatchObject({
      reasons: [{ kind: 'memory', code: 'over-share', position: 1 }],
    });
    const waiting = claims.reserve({ ...ask, waitMs: 60_000 });
    await claims.release(first.claim.id);
    const second = await waiting;
    expect(second.ok).toBe(true);
    if (second.ok) await claims.release(second.claim.id);
  });

  it('frees what a process that is gone had claimed', async () => {
    const held = await inventory.claims.reserve({
      requester: self,
      needs: { storageBytes: 1_000 },
      durationMs: 3_600_000,
    });
    if (!held.ok) throw new Error('it is free');
    await inventory.claims.commit(held.claim.id);
    await restart();
    expect(inventory.assets.claims()).toEqual([]);
    expect(inventory.assets.find(own('storage').id)?.state).toBe('available');
  });

  it('follows a policy at once, orders it, and brings the ledger in line where that was cut short', async () => {
    const { id } = own('cpu');
    const policy = inventory.assets.find(id)?.policy;
    if (policy === undefined) throw new Error('it has a policy');
    const ordered = await inventory.setPolicy(id, { ...policy, shareBp: 0 }, signal);
    expect(inventory.ledger.find(id)?.policy?.shareBp).toBe(0);
    expect(ordered.height).toBeGreaterThan(inventory.ledger.find(id)?.height ?? 0);
    const ask = { requester: self, needs: { cpuMicrosPerSecond: 1 }, durationMs: 1_000 };
    expect(await inventory.claims.reserve(ask)).toMatchObject({ reasons: [{ code: 'over-share' }] });
    const before = sequence();
    expect(await inventory.setPolicy(id, { ...policy, shareBp: 0 }, signal)).toEqual(ordered);
    expect(sequence()).toBe(before);
    // As if the node had been killed between the journal and the ledger.
    await inventory.assets.setPolicy(id, { ...policy, shareBp: 7_500 });
    await restart();
    await inventory.registered(signal);
    expect(inventory.ledger.find(id)?.policy?.shareBp).toBe(7_500);
    await expect(
      inventory.setPolicy(id, { ...policy, level: 'private', allocation: 'public' }, signal),
    ).rejects.toMatchObject({
      code: 'assets/forbidden-policy',
    });
  });

  it('takes an installed package in once, and a note each time', async () => {
    const content = cidOf(new Uint8Array(), 'dag-cbor', 'blake3-256');
    const library = { name: 'anagrams', version: '1.0.0', digest: own('cpu').id, content };
    const first = await inventory.registerLibrary(library, signal);
    const second = await inventory.registerLibrary(library, signal);
    expect([first.already, second.already]).toEqual([false, true]);
    expect(second.asset.id).toBe(first.asset.id);
    expect(first.asset.record).toMatchObject({ kind: 'library', attributes: { name: 'anagrams' } });
    const notes = [
      await inventory.registerNote('hello', signal),
      await inventory.registerNote('hello', signal),
    ];
    expect(new Set(notes.map(({ asset }) => asset.id)).size).toBe(2);
    expect(notes[0]?.asset.record).toMatchObject({ kind: 'x.note', attributes: { text: 'hello' } });
  });

  it('cannot be registered falsely: the ledger refuses wrong ids, forged records and policies that may not hold', async () => {
    const draft = { kind: 'x.note', attributes: { text: 'x' }, nonce: systemRandom };
    const mine = createAsset(draft, signer);
    const foreign = createAsset(draft, createSigner(generateKey().secretKey));
    const policy = inventory.assets.find(own('cpu').id)?.policy;
    if (policy === undefined) throw new Error('it has a policy');
    const cases: readonly (readonly [string, string, unknown, string])[] = [
      ['asset.register', own('cpu').id, encodeAssetEntry({ asset: mine }), 'bad-asset-wrong-id'],
      [
        'asset.register',
        mine.id,
        encodeAssetEntry({ asset: { ...mine, signature: new Uint8Array(64) } }),
        'bad-asset-signature',
      ],
      ['asset.register', foreign.id, encodeAssetEntry({ asset: foreign }), 'not-owner'],
      ['asset.register', mine.id, { note: 'anything' }, 'bad-asset-wrong-kind'],
      ['asset.register', own('cpu').id, encodeAssetEntry({ asset: own('cpu') }), 'exists'],
      ['asset.policy', own('cpu').id, 1, 'bad-policy'],
      [
        'asset.policy',
        own('cpu').id,
        encodePolicy({ ...policy, proofs: { ...policy.proofs, workBits: 0 } }),
        'bad-policy-below-floor',
      ],
      ['asset.policy', mine.id, encodePolicy(policy), 'absent'],
    ];
    for (const [kind, id, value, reason] of cases) {
      const failure = await failureOf(() => ledger.act(kind, { key: id, value } as never));
      expect(failure).toMatchObject({ code: 'node/operation-refused', reason });
    }
  });
});
