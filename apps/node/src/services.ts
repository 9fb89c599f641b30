import type { Clock, Log, NodeId } from '@hypermesh/core';
import type { StoqNode } from '@hypermesh/stoq';
import type { ContentStore } from '@hypermesh/stoq/content';
import { trustchainArtifacts } from './adapters/artifacts.ts';
import { stoqTransport } from './adapters/consensus-transport.ts';
import { createCounters } from './adapters/counters.ts';
import { wasmExecutor } from './adapters/wasm-executor.ts';
import type { DataDirectory } from './data-directory.ts';
import { type EvidenceResult, exportLedger } from './evidence/export.ts';
import { type Extensions, openExtensions } from './extensions/service.ts';
import type { MachineRecord } from './inventory/machine.ts';
import { type InventoryService, openInventory } from './inventory/service.ts';
import { type LedgerService, memberNodes, openLedgerService } from './ledger/service.ts';
import { inventoryMemoryClaims } from './memory/claims.ts';
import { type MemoryService, openMemoryService } from './memory/service.ts';
import type { Peers } from './mesh/peers.ts';
import type { Transparency } from './mesh/transparency.ts';
import { createPackageService, type PackageService } from './package/service.ts';
import type { Phase2 } from './phases.ts';
import { createRunService, type RunService } from './run/asking.ts';
import { serveRuns } from './run/serving.ts';
import { openUsedLeases } from './run/used-leases.ts';
import { openReceipts } from './wallet/receipts.ts';
import { createWallet, type WalletService } from './wallet/service.ts';

/** What a node of phase 2 offers: the ledger, packages and runs. */
export interface MeshServices extends AsyncDisposable {
  readonly ledger: LedgerService;
  readonly packages: PackageService;
  readonly runs: RunService;
  readonly wallet: WalletService;
  readonly inventory: InventoryService;
  readonly memory: MemoryService;
  readonly extensions: Extensions;
  /** Members of the genesis by NodeId. */
  readonly members: ReadonlyMap<NodeId, { readonly name: string; readonly key: Uint8Array }>;
  /** Writes what shows this mesh to outsiders into a folder. */
  evidence(folder: string, signal: AbortSignal): Promise<EvidenceResult>;
  /** Pairs of contradicting votes by one validator that this node has seen since it started. */
  secondVotesSeen(): number;
}

/** Opens the services of a node that has a ledger. Validators are kept connected from here on. */
export async function openMeshServices(
  directory: DataDirectory,
  phase: Phase2,
  parts: {
    readonly stoq: StoqNode;
    readonly peers: Peers;
    readonly store: ContentStore;
    readonly transparency: Transparency;
    /** What this machine was measured to be, once that is done. */
    readonly machine: Promise<MachineRecord | undefined>;
    readonly clock: Clock;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<MeshServices> {
  const { stoq, peers, store, transparency, clock, log, signal } = parts;
  const { nodeId: self, keys, config, genesis } = phase;
  const members = memberNodes(genesis);
  for (const node of members.keys()) peers.keep(node);

  await using cleanup = new AsyncDisposableStack();
  const validators = [...members].flatMap(([node, { validator }]) => (validator ? [node] : []));
  const transport = cleanup.use(stoqTransport(stoq, { self, validators }, { clock, log }));
  const counters = createCounters();
  const ports = { transport, clock, log, metrics: counters, signal };
  const ledger = cleanup.use(await openLedgerService(directory, phase, keys, ports));
  const nameOf = (node: NodeId) => members.get(node)?.name ?? node;
  const artifacts = trustchainArtifacts({ phase, transparency, clock });
  const packages = createPackageService({ ledger, peers, store, artifacts, self, log, nameOf });
  const keyOf = (node: NodeId) => members.get(node)?.key ?? new Uint8Array();
  const receipts = openReceipts(directory.receipts);
  const inventory = cleanup.use(
    await openInventory(directory, phase, {
      ledger,
      machine: await parts.machine,
      isMember: (node) => members.has(node),
      keyOf,
      clock,
      log,
      signal,
    }),
  );
  const runs = createRunService({ ledger, peers, packages, receipts, keyOf, nameOf });
  cleanup.defer(
    serveRuns(stoq, {
      ledger,
      packages,
      executor: wasmExecutor(),
      usedLeases: openUsedLeases(directory.usedLeases),
      receipts,
      config,
      self,
      secretKey: keys.ed25519.secretKey,
      log,
    }),
  );
  const memory = cleanup.use(
    openMemoryService({
      stoq,
      peers,
      ledger,
      claims: inventoryMemoryClaims(inventory.claims, self),
      members,
      self,
      secretKey: keys.ed25519.secretKey,
      clock,
      log,
      metrics: counters,
      nameOf,
    }),
  );
  const extensions = cleanup.use(
    await openExtensions(directory, phase, {
      capabilities: {},
      consensus: {
        check: async () => ({ ok: false, reason: 'no operation of an extension is proven here' }),
      },
      clock,
      log,
    }),
  );
  const owned = cleanup.move();
  const secondVotesSeen = () => counters.total('consensus_reports_total', { event: 'equivocation' });
  return {
    ledger,
    packages,
    runs,
    wallet: createWallet({ ledger, receipts, self, nameOf }),
    inventory,
    memory,
    extensions,
    members,
    evidence: (folder, until) => exportLedger(folder, { directory, ledger, facts: phase.facts }, until),
    secondVotesSeen,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
