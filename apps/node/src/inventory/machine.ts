import {
  createAsset,
  createInventory,
  type Inventory,
  measureMachine,
  verifyInventory,
} from '@hypermesh/assets';
import { cpuAdapter, memoryAdapter, probeGpus, storageAdapter } from '@hypermesh/assets/adapters';
import { type Clock, equalBytes, type Log } from '@hypermesh/core';
import { createSigner } from '@hypermesh/core/ed25519';
import { systemRandom } from '@hypermesh/core/node';
import { type DataDirectory, makeFolder, readIfPresent, writeDurably } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import type { NodeKeys } from '../identity.ts';

/** What this machine was measured to be, with the signed block that shows it. */
export interface MachineRecord {
  readonly bytes: Uint8Array;
  readonly inventory: Inventory;
}

/** Time for all measurements together, milliseconds: a node does this once, beside its start. */
const budgetMs = 300;

/**
 * The inventory of this machine: measured and signed at the first start, with no need of a ledger or a network, kept in
 * the data directory, and from then on the same. What it says becomes the node's assets, so a crash at any moment leads
 * to the same ids again. Throws `node/damaged-file`.
 */
export async function openMachine(
  directory: DataDirectory,
  keys: Pick<NodeKeys, 'ed25519'>,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Log; readonly signal?: AbortSignal },
): Promise<MachineRecord> {
  const present = readIfPresent(directory.inventory);
  if (present !== undefined) return { bytes: present, inventory: opened(directory, keys, present) };

  makeFolder(directory.path);
  const signer = createSigner(keys.ed25519.secretKey);
  const startedMs = clock.monotonicMs();
  const devices = await measureMachine(
    { cpu: cpuAdapter(), memory: memoryAdapter(), storage: storageAdapter({ path: directory.path }) },
    budgetMs,
    signal,
  );
  const gpus = probeGpus();
  const assets = devices.flatMap((device) =>
    device.isPresent
      ? [createAsset({ kind: device.kind, attributes: device.attributes, nonce: systemRandom }, signer)]
      : [],
  );
  const absent = Object.fromEntries(
    [...devices, ...(gpus.isPresent ? [] : [{ kind: 'gpu', ...gpus, isPresent: false as const }])].flatMap(
      (device) => (device.isPresent ? [] : [[device.kind, device.detail.slice(0, 300)] as const]),
    ),
  );
  const bytes = createInventory({ assets, absent, measuredAtMs: clock.nowMs() }, signer);
  writeDurably(directory.inventory, bytes);
  log.info('inventory.measured', {
    kinds: assets.map(({ record }) => record.kind),
    tookMs: Math.round(clock.monotonicMs() - startedMs),
  });
  return { bytes, inventory: opened(directory, keys, bytes) };
}

function opened(directory: DataDirectory, keys: Pick<NodeKeys, 'ed25519'>, bytes: Uint8Array): Inventory {
  const verdict = verifyInventory(bytes);
  if (verdict.ok && equalBytes(verdict.inventory.owner, keys.ed25519.publicKey)) return verdict.inventory;
  const reason = verdict.ok ? 'another node signed it' : verdict.reason;
  throw new NodeError(
    {
      code: 'node/damaged-file',
      file: directory.inventory,
      reason,
      next: 'remove it: the machine is measured again at the next start, and registers again',
    },
    `${directory.inventory} cannot be used: ${reason}`,
  );
}
