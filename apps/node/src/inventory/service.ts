import {
  type Asset,
  type Assets,
  changePolicy,
  createAsset,
  openAssets,
  type Policy,
} from '@hypermesh/assets';
import { openFileJournal } from '@hypermesh/assets/journal';
import { type Bond, committedBytes, type PlotGroup } from '@hypermesh/consensus';
import { type Clock, domainHash, type Log, type Metrics, type NodeId, toHex, utf8 } from '@hypermesh/core';
import { createSigner } from '@hypermesh/core/ed25519';
import { systemRandom } from '@hypermesh/core/node';
import type { DataDirectory } from '../data-directory.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { Phase2 } from '../phases.ts';
import { type ClaimService, createClaimService } from './claims.ts';
import { defaultPolicy } from './default-policy.ts';
import { machineAdapters, watchHealth } from './health.ts';
import { type LedgerAssets, ledgerAssets, type RegisteredAsset } from './ledger-assets.ts';
import { proofFloor } from './ledger-rules.ts';
import type { MachineRecord } from './machine.ts';
import { keepRegistered } from './registering.ts';

/** An installed package that becomes an asset. */
export interface InstalledLibrary {
  readonly name: string;
  readonly version: string;
  /** CID of the package's signed record, and content root of its files. */
  readonly digest: string;
  readonly content: string;
}

/** What this node has, lends and knows of others. */
export interface InventoryService extends AsyncDisposable {
  /** This node's hardware: states, policies, leases. */
  readonly assets: Assets;
  /** Assets of all members, as the ledger has them. */
  readonly ledger: LedgerAssets;
  readonly claims: ClaimService;
  /** Resolves when this node's hardware stands on the ledger. */
  registered(signal: AbortSignal): Promise<void>;
  /** Puts a policy in place at once, then orders it. Throws `assets/forbidden-policy`, `assets/unknown-asset`. */
  setPolicy(asset: Asset['id'], policy: Policy, signal: AbortSignal): Promise<{ readonly height: number }>;
  /** The policy as `setPolicy` would put it in place, refused as there; changes nothing. */
  planPolicy(asset: Asset['id'], policy: Policy): Policy;
  /** Registers a note, kind `x.note`; each call makes another. */
  registerNote(text: string, signal: AbortSignal): Promise<RegisteredAsset>;
  /** Registers an installed package as an asset of this node, once: `already` says that it was. */
  registerLibrary(
    library: InstalledLibrary,
    signal: AbortSignal,
  ): Promise<RegisteredAsset & { readonly already: boolean }>;
  /** How busy the devices are. */
  usage(): Promise<Readonly<Record<string, { readonly usedBp: number; readonly used: number }>>>;
}

/** How long a claim waits for a node that has just started to register what it lends. */
const readyMs = 30_000;

/** Opens the inventory of a node that has a ledger. Registering what is not registered goes on in the background. */
export async function openInventory(
  directory: DataDirectory,
  phase: Phase2,
  parts: {
    readonly ledger: LedgerService;
    /** Undefined where the machine could not be measured: then there is nothing to lend. */
    readonly machine: MachineRecord | undefined;
    isMember(node: NodeId): boolean;
    keyOf(node: NodeId): Uint8Array;
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics?: Metrics;
    readonly signal: AbortSignal;
  },
): Promise<InventoryService> {
  const { ledger: service, machine, isMember, keyOf, clock, log } = parts;
  const { keys, config, nodeId: self } = phase;
  const floor = proofFloor(service.ledger.profile);
  const signer = createSigner(keys.ed25519.secretKey);
  await using cleanup = new AsyncDisposableStack();
  const assets = cleanup.use(
    await openAssets({
      owner: keys.ed25519.publicKey,
      floor,
      journal: await openFileJournal(directory.assetJournal),
      clock,
      random: systemRandom,
      ...(parts.metrics === undefined ? {} : { metrics: parts.metrics }),
    }),
  );
  // What these claims were for ended with the process that ran it.
  for (const { id } of assets.claims()) await assets.release(id);
  const hardware = machine?.inventory.assets ?? [];
  for (const asset of hardware) await assets.register(asset, defaultPolicy(asset.record, config.lend, floor));

  const ledger = ledgerAssets(service);
  const stopping = new AbortController();
  const registering = keepRegistered(hardware, {
    assets,
    ledger,
    clock,
    log,
    signal: AbortSignal.any([stopping.signal, parts.signal]),
  });
  cleanup.defer(() => registering.settled());
  cleanup.defer(() => stopping.abort(new Error('the node stops')));
  const adapters = machineAdapters(directory.path);
  cleanup.defer(watchHealth(hardware, { assets, adapters, clock, log }));

  const claims = createClaimService({
    assets,
    clock,
    self,
    isMember,
    strengthOf: (node) => strengthOf(service, keyOf(node), floor),
    // A node that is not ready in time answers for itself why not.
    ready: () => registering.done(AbortSignal.timeout(readyMs)).catch(() => undefined),
  });
  const owned = cleanup.move();
  return {
    assets,
    ledger,
    claims,
    registered: registering.done,
    async setPolicy(id, policy, signal) {
      await assets.setPolicy(id, policy);
      await registering.done(signal);
      return await ledger.order(id, policy, signal);
    },
    planPolicy(id, policy) {
      const view = assets.find(id);
      if (view === undefined) throw new TypeError(`${id} is no asset of this machine`);
      return changePolicy(view.policy, policy, { floor, liveLeases: view.usage.leases });
    },
    registerNote(text, signal) {
      const asset = createAsset({ kind: 'x.note', attributes: { text }, nonce: systemRandom }, signer);
      return ledger.register(asset, undefined, signal);
    },
    async registerLibrary({ name, version, digest, content }, signal) {
      const nonce = domainHash('hypermesh/node/library-asset/v1', utf8(digest)).subarray(0, 16);
      const attributes = { name, version, digest, content };
      const asset = createAsset({ kind: 'library', attributes, nonce }, signer);
      const already = ledger.find(asset.id) !== undefined;
      return { ...(await ledger.register(asset, undefined, signal)), already };
    },
    async usage() {
      const entries = Object.entries(adapters).map(
        async ([kind, adapter]) => [kind, await adapter.usage()] as const,
      );
      return Object.fromEntries(await Promise.all(entries));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a member has bonded and committed on the ledger; work and time as the profile asks of every operation. */
function strengthOf(
  { ledger }: LedgerService,
  key: Uint8Array,
  floor: ReturnType<typeof proofFloor>,
): ReturnType<typeof proofFloor> {
  const bond = ledger.get(`bond/${toHex(key)}`) as unknown as
    | (Pick<Bond, 'status'> & {
        // A small bigint of the state reads back as a number.
        readonly power: bigint | number;
      })
    | undefined;
  const space = ledger.get(`space/${toHex(key)}`) as unknown as
    | { readonly groups: readonly PlotGroup[] }
    | undefined;
  return {
    ...floor,
    stakePower: bond?.status === 'bonded' ? BigInt(bond.power) : 0n,
    spaceBytes: space === undefined ? 0n : committedBytes(space.groups),
  };
}
