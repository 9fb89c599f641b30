import { catalogCapabilities } from '@hypermesh/catalog/extension';
import { type Clock, fromHex, type Log, type NodeId } from '@hypermesh/core';
import type { Ed25519Signer } from '@hypermesh/core/ed25519';
import type { StoqNode } from '@hypermesh/stoq';
import type { DiskStore } from '@hypermesh/stoq/content';
import { trustchainArtifacts } from './adapters/artifacts.ts';
import { catalogPrograms } from './adapters/catalog-programs.ts';
import { stoqTransport } from './adapters/consensus-transport.ts';
import { machineExecutors } from './adapters/machine-executors.ts';
import { runClaims } from './adapters/run-claims.ts';
import { runContent } from './adapters/run-content.ts';
import { openCatalogPorts } from './catalog/ports.ts';
import { ledgerProofs } from './catalog/proofs.ts';
import { type CatalogService, createCatalogService } from './catalog/service.ts';
import { discoverySeed } from './content/finder.ts';
import { defaultHoldLimits } from './content/holding.ts';
import { type ContentService, createContentService } from './content/service.ts';
import { openParity } from './content-at-rest/parity.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Events } from './events/hub.ts';
import { type EvidenceResult, exportLedger } from './evidence/export.ts';
import { exportPackages } from './evidence/packages.ts';
import { exportRuns } from './evidence/runs.ts';
import { type Extensions, openExtensions } from './extensions/service.ts';
import { type Facts, openFacts, openNotes } from './facts/service.ts';
import type { MachineRecord } from './inventory/machine.ts';
import { type InventoryService, openInventory } from './inventory/service.ts';
import { type LedgerService, memberNodes, openLedgerService } from './ledger/service.ts';
import { inventoryMemoryClaims } from './memory/claims.ts';
import { type MemoryService, openMemoryService } from './memory/service.ts';
import type { AddressBook } from './mesh/addresses.ts';
import type { Peers } from './mesh/peers.ts';
import type { LogSource, Transparency } from './mesh/transparency.ts';
import type { MetricsRegistry } from './monitor/metrics/registry.ts';
import type { Tell } from './movement.ts';
import { keepNames } from './names/service.ts';
import type { Phase2 } from './phases.ts';
import { createRunService, type RunService } from './run/asking.ts';
import { createNodeAsks } from './run/node-asks.ts';
import type { RunLookup } from './run/record-view.ts';
import { openRunRecords } from './run/records.ts';
import { type RerunOutcome, rerun } from './run/rerun.ts';
import { serveRuns } from './run/serving.ts';
import { openUsedLeases } from './run/used-leases.ts';
import type { Intake } from './standing/intake.ts';
import { walletMetering } from './wallet/metering.ts';
import { openReceipts } from './wallet/receipts.ts';
import { createWallet, type WalletService } from './wallet/service.ts';

/** What a node of phase 2 offers: the ledger, the catalog and runs. */
export interface MeshServices extends AsyncDisposable {
  readonly ledger: LedgerService;
  readonly catalog: CatalogService;
  readonly content: ContentService;
  readonly runs: RunService;
  readonly wallet: WalletService;
  readonly inventory: InventoryService;
  readonly memory: MemoryService;
  readonly extensions: Extensions;
  /** What happened on this node and on its ledger, for pages and commands. */
  readonly facts: Facts;
  /** What is known of an asked run, and having it executed once more. */
  readonly runLookup: RunLookup;
  rerun(
    asked: { readonly lease: string; readonly on?: NodeId },
    tell: Tell,
    signal: AbortSignal,
  ): Promise<RerunOutcome>;
  /** Resolves when this node has published the names that are its to publish; at once on all others. */
  readonly namesPublished: Promise<void>;
  /** Members of the genesis by NodeId. */
  readonly members: ReadonlyMap<NodeId, { readonly name: string; readonly key: Uint8Array }>;
  /** Writes what shows this mesh to outsiders into a folder. */
  evidence(folder: string, signal: AbortSignal): Promise<EvidenceResult>;
  /** Pairs of contradicting votes by one validator that this node has seen since it started. */
  secondVotesSeen(): number;
  /** Runs for others that are under way. */
  runsExecuting(): number;
}

/** Opens the services of a node that has a ledger. Validators are kept connected from here on. */
export async function openMeshServices(
  directory: DataDirectory,
  phase: Phase2,
  parts: {
    readonly stoq: StoqNode;
    readonly peers: Peers;
    readonly store: DiskStore;
    readonly book: AddressBook;
    readonly transparency: Transparency;
    readonly logSource: LogSource;
    /** Signs names as the mesh's authority, where that is here. */
    readonly authority: Ed25519Signer | undefined;
    readonly events: Events;
    /** Whether something new is taken on. */
    readonly intake: Intake;
    /** What this machine was measured to be, once that is done. */
    readonly machine: Promise<MachineRecord | undefined>;
    /** What happens is told here. */
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: MetricsRegistry;
    readonly signal: AbortSignal;
  },
): Promise<MeshServices> {
  const { stoq, peers, store, book, transparency, events, intake, clock, log, metrics, signal } = parts;
  const { nodeId: self, keys, config, genesis } = phase;
  const members = memberNodes(genesis);
  for (const node of members.keys()) peers.keep(node);

  await using cleanup = new AsyncDisposableStack();
  const validators = [...members].flatMap(([node, { validator }]) => (validator ? [node] : []));
  const transport = cleanup.use(stoqTransport(stoq, { self, validators }, { clock, log }));
  const ports = { transport, clock, log, metrics, signal };
  const nameOf = (node: NodeId) => members.get(node)?.name ?? node;
  const notes = cleanup.use(openNotes(directory, { events, clock, log, nameOf }));
  const ledger = cleanup.use(await openLedgerService(directory, phase, keys, ports));
  const content = cleanup.use(
    await createContentService({
      self,
      stoq,
      store,
      peers,
      book,
      members: () => members.keys(),
      discoverySeed: discoverySeed(keys.ed25519.secretKey),
      atRest: openParity(directory.parity, store),
      transfers: notes.transfers,
      limits: { ...defaultHoldLimits, maxStoreBytes: config.limits.maxDiskGb * 1024 ** 3 },
      intake,
      clock,
      log,
      metrics,
    }),
  );
  const artifacts = trustchainArtifacts({ phase, transparency, clock });
  const keyOf = (node: NodeId) => members.get(node)?.key ?? new Uint8Array();
  const inventory = cleanup.use(
    await openInventory(directory, phase, {
      ledger,
      machine: await parts.machine,
      isMember: (node) => members.has(node),
      keyOf,
      clock,
      log,
      metrics,
      signal,
    }),
  );
  const catalogPorts = cleanup.use(
    await openCatalogPorts({
      folder: directory.catalog,
      self,
      keys,
      ledger,
      content,
      artifacts,
      inventory,
      clock,
      nameOf,
    }),
  );
  const { consensus, binds } = ledgerProofs(ledger);
  const health = async () => ({
    height: ledger.ledger.appliedHeight(),
    members: members.size,
    connected: stoq.peers.length,
  });
  const extensions = cleanup.use(
    await openExtensions(directory, phase, {
      capabilities: catalogCapabilities(catalogPorts, binds),
      offers: { 'monitoring:read': { create: () => ({ health }) } },
      tell: (change) => events.publish('extensions', change),
      configuration: { 'hypermesh.catalog': { copies: Math.min(2, members.size - 1) } },
      consensus,
      clock,
      log,
      metrics,
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
      metrics,
      nameOf,
    }),
  );
  const catalog = createCatalogService({ host: extensions, ledger });
  const resuming = catalog
    .resume((text) => log.debug('catalog.resume', { text }), signal)
    .then(
      (finished) => {
        if (finished.length > 0) log.info('catalog.resumed', { installations: finished.length });
      },
      (error: unknown) => {
        if (!signal.aborted) log.warn('catalog.not-resumed', { message: String(error) });
      },
    );
  cleanup.defer(() => resuming);
  const programs = catalogPrograms(catalog);
  const runStore = runContent(store, peers, notes.transfers);
  const { secretKey } = keys.ed25519;
  const receipts = openReceipts(directory.receipts);
  const metering = walletMetering({ receipts, chainId: ledger.chainId, self, secretKey });
  const executors = cleanup.use(
    machineExecutors(directory, {
      claims: runClaims(inventory.claims),
      content: runStore,
      config,
      secretKey,
      clock,
      metrics,
    }),
  );
  const records = openRunRecords(directory.runs);
  const asks = createNodeAsks(peers, keyOf);
  const others = [...members.keys()].filter((node) => node !== self);
  const runs = createRunService({
    ledger,
    programs,
    content: runStore,
    metering,
    records,
    journal: notes.runs,
    asks,
    offerOfSelf: async () => {
      const ready = await executors.ready();
      return ready.offer({ node: self, name: nameOf(self), requester: self });
    },
    others,
    keyOf,
    nameOf,
  });
  const serving = cleanup.use(
    serveRuns(stoq, {
      ledger,
      programs,
      content: runStore,
      executors: () => executors.ready(),
      usedLeases: openUsedLeases(directory.usedLeases),
      journal: notes.runs,
      metering,
      intake,
      config,
      self,
      secretKey,
      log,
      metrics,
    }),
  );
  const secondVotesSeen = () => metrics.total('consensus_reports_total', { event: 'equivocation' });
  const facts = cleanup.use(
    await openFacts(directory, phase, {
      ...{ notes, ledger, stoq, book, logSource: parts.logSource, members, events, clock, log, nameOf },
      secondVotesSeen,
    }),
  );
  const names =
    parts.authority === undefined
      ? undefined
      : cleanup.use(
          keepNames({
            ...{ ledger, names: facts.trust.names, mesh: phase.facts.root, nodes: [self, ...others] },
            ...{ signer: parts.authority, clock, log, signal, after: inventory.registered(signal) },
          }),
        );
  const chain = chainBytesOf(ledger.chainId);
  const runLookup = { journal: notes.runs, records, ledger: ledger.ledger, chain, keyOf };
  const owned = cleanup.move();
  return {
    ledger,
    catalog,
    content,
    runs,
    wallet: createWallet({ ledger, receipts, self, nameOf }),
    inventory,
    memory,
    extensions,
    facts,
    runLookup,
    rerun: (asked, tell, until) =>
      rerun(
        {
          ...{ journal: notes.runs, records, ledger: ledger.ledger, asks, keyOf, nameOf, others },
          hasContent: (root) => content.has(root),
          monotonicMs: () => clock.monotonicMs(),
        },
        asked,
        tell,
        until,
      ),
    namesPublished: names?.first ?? Promise.resolve(),
    members,
    async evidence(folder, until) {
      const runsShown = await exportRuns(folder, { ledger, programs, records, keyOf }, until);
      const packages = await exportPackages(folder, { ledger, content }, until);
      const shown = await exportLedger(folder, { directory, ledger, facts: phase.facts }, until);
      return { ...shown, packages, runs: runsShown };
    },
    secondVotesSeen,
    runsExecuting: () => serving.executing,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function chainBytesOf(chainId: string): Uint8Array {
  const bytes = fromHex(chainId);
  if (bytes.ok) return bytes.bytes;
  throw new TypeError('a chain id is hex');
}
