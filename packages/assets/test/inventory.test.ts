import { createAsset, createInventory, measureMachine, verifyInventory } from '@hypermesh/assets';
import { cpuAdapter, memoryAdapter, storageAdapter } from '@hypermesh/assets/adapters';
import { encodeCanonical } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuAsset, folder, memoryAsset, signer, stranger } from './support.ts';

const made = createInventory(
  { assets: [cpuAsset(), memoryAsset()], absent: { gpu: 'none' }, measuredAtMs: 1_000 },
  signer,
);

describe('an inventory', () => {
  test('of this machine is measured and signed without a ledger or a network, and anybody can check it [assets-08]', async () => {
    await using place = await folder();
    const adapters = {
      cpu: cpuAdapter(),
      memory: memoryAdapter(),
      storage: storageAdapter({ path: place.path }),
    };
    const devices = await measureMachine(adapters, 60);
    const assets = devices.flatMap((device) =>
      device.isPresent
        ? [
            createAsset(
              { kind: device.kind, attributes: device.attributes, nonce: createSeededRandom(1) },
              signer,
            ),
          ]
        : [],
    );
    const block = createInventory({ assets, absent: {}, measuredAtMs: 5 }, signer);
    const verdict = verifyInventory(block);
    if (!verdict.ok) throw new Error(verdict.reason);
    expect(verdict.inventory.assets.map(({ record }) => record.kind)).toEqual(['cpu', 'memory', 'storage']);
    expect(verdict.inventory.assets).toEqual(assets);
    expect(verdict.inventory.owner).toEqual(signer.publicKey);
    const [cpu, memory] = verdict.inventory.assets;
    expect(cpu?.record.attributes['microsPerSecond']).toBe(await adapters.cpu.capacity());
    expect(memory?.record.attributes['bytes']).toBe(await adapters.memory.capacity());
  });

  test('names what was looked for and not found', async () => {
    const devices = await measureMachine(
      { cpu: cpuAdapter(), memory: memoryAdapter(), storage: storageAdapter({ path: '/nowhere at all' }) },
      6,
    );
    expect(devices[2]).toEqual({
      kind: 'storage',
      isPresent: false,
      detail: '/nowhere at all cannot be looked at: ENOENT',
    });
  });

  test('with any bit flipped is refused', () => {
    expect(verifyInventory(made).ok).toBe(true);
    fc.assert(
      fc.property(fc.nat(made.length * 8 - 1), (bit) => {
        const bytes = Uint8Array.from(made);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verifyInventory(bytes).ok).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('holds assets of its owner alone, each once', () => {
    const foreign = createAsset({ kind: 'x.a', attributes: {}, nonce: new Uint8Array(16) }, stranger);
    const block = (assets: readonly ReturnType<typeof cpuAsset>[]) =>
      verifyInventory(createInventory({ assets, absent: {}, measuredAtMs: 0 }, signer));
    expect(block([foreign])).toEqual({ ok: false, reason: 'asset-owner' });
    expect(block([cpuAsset(), cpuAsset()])).toEqual({ ok: false, reason: 'asset-twice' });
    const broken = { ...cpuAsset(), signature: new Uint8Array(64) };
    expect(block([broken])).toEqual({ ok: false, reason: 'asset-signature' });
    expect(verifyInventory(encodeCanonical({ v: 1 }))).toEqual({ ok: false, reason: 'missing-key' });
  });
});
