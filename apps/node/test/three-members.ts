import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGenesis, createMemberPlots, createMemoryHub, createVrfKey } from '@hypermesh/consensus';
import { type NodeId, silentLog, silentMetrics, utf8 } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { createBoundedClaims, type Executors } from '@hypermesh/executors';
import { createMemoryNetwork, type Peer } from '@hypermesh/stoq';
import { openDiskStore, serveContent } from '@hypermesh/stoq/content';
import { suiteFor } from '@hypermesh/trustchain/suite';
import { trustchainArtifacts } from '../src/adapters/artifacts.ts';
import { catalogPrograms } from '../src/adapters/catalog-programs.ts';
import { machineExecutors } from '../src/adapters/machine-executors.ts';
import { runContent } from '../src/adapters/run-content.ts';
import { openTransparency } from '../src/adapters/transparency.ts';
import type { CatalogService } from '../src/catalog/service.ts';
import { defaultConfig, type NodeConfig } from '../src/config.ts';
import { dataDirectory } from '../src/data-directory.ts';
import { type NodeKeys, signerIdOf } from '../src/identity.ts';
import type { ClaimService } from '../src/inventory/claims.ts';
import { createOperations } from '../src/ledger/operations.ts';
import { foundingPlots, foundingPower } from '../src/ledger/options.ts';
import { type LedgerService, openLedgerService } from '../src/ledger/service.ts';
import { inventoryMemoryClaims } from '../src/memory/claims.ts';
import { type MemoryService, openMemoryService } from '../src/memory/service.ts';
import { openAddressBook } from '../src/mesh/addresses.ts';
import { factsBinding, type MeshFacts } from '../src/mesh/facts.ts';
import { createPeers, type Peers } from '../src/mesh/peers.ts';
import { phase1, phase2 } from '../src/phases.ts';
import { createRunService, type RunService } from '../src/run/asking.ts';
import { createNodeAsks } from '../src/run/node-asks.ts';
import { serveRuns } from '../src/run/serving.ts';
import { openUsedLeases, type UsedLeases } from '../src/run/used-leases.ts';
import { walletMetering } from '../src/wallet/metering.ts';
import { openReceipts, type Receipts } from '../src/wallet/receipts.ts';
import {
  certify,
  createTestAuthority,
  memoryNode,
  type TestIdentity,
  temporaryDirectory,
} from './support.ts';
import { openTestCatalog } from './test-catalog.ts';

/**
 * Three members in one process, with everything real but the wire: amber holds the one validator and publishes, birch
 * asks for runs, cedar executes them and amber executes them again.
 */
export interface ThreeMembers extends AsyncDisposable {
  readonly members: Readonly<Record<'amber' | 'birch' | 'cedar', TestIdentity>>;
  readonly ledgers: Readonly<Record<'amber' | 'birch', LedgerService>>;
  readonly packages: Readonly<Record<'amber' | 'birch' | 'cedar', CatalogService>>;
  readonly runs: RunService;
  readonly memory: Readonly<Record<'amber' | 'birch' | 'cedar', MemoryService>>;
  readonly peers: Readonly<Record<'amber' | 'birch' | 'cedar', Peers>>;
  /** Sessions with cedar. */
  readonly sessions: Readonly<Record<'amber' | 'birch', Peer>>;
  /** What was really started, by whom. */
  readonly started: string[];
  readonly usedLeases: UsedLeases;
  readonly usedLeasesPath: string;
  readonly behaviour: {
    /** Whether an executing node answers something else than its program did. */
    isLying: boolean;
    /** Holds runs between their admission and their start until so many are there. */
    gate: { missing: number; readonly open: PromiseWithResolvers<void> } | undefined;
  };
  /** What birch, who asks, and cedar, who executes, keep to settle leases with. */
  readonly receipts: Readonly<Record<'birch' | 'cedar', Receipts>>;
  /** Publishes a module as NAME@1.0.0 with `input of NAME`. */
  publishGuest(name: string, module: Uint8Array): Promise<void>;
  /** Publishes a script of these files, the first of them its entrypoint, as NAME@1.0.0. */
  publishScript(
    name: string,
    files: Readonly<Record<string, string>>,
    dependencies?: Readonly<Record<string, string>>,
  ): Promise<void>;
}

const config: NodeConfig = {
  ...defaultConfig,
  name: 'node',
  maxRunFuel: 10n ** 15n,
  maxRunMemoryPages: 256,
  minRunPrice: 10n,
};
/** Opens all of it; some seconds, for plots and keys. */
export async function openThreeMembers(): Promise<ThreeMembers> {
  const cleanup = new AsyncDisposableStack();
  const directory = cleanup.use(temporaryDirectory());
  const mesh = await createTestAuthority();
  const identities = await Promise.all([certify(mesh), certify(mesh), certify(mesh)]);
  const [amber, birch, cedar] = identities as [TestIdentity, TestIdentity, TestIdentity];
  const members = { amber, birch, cedar };
  const falcon = suiteFor('falcon-1024-r3');
  const keysOf = async (identity: TestIdentity): Promise<NodeKeys> => ({
    ed25519: identity.key,
    falcon: await falcon.generate(),
    certificate: identity.credentials.current().keys,
    vrfSeed: crypto.getRandomValues(new Uint8Array(32)),
  });
  const keys = { amber: await keysOf(amber), birch: await keysOf(birch), cedar: await keysOf(cedar) };
  const log = cleanup.use(await openTransparency(directory.log, 'hypermesh.online/log', generateKey()));
  const names = ['amber', 'birch', 'cedar'] as const;
  const facts: MeshFacts = {
    v: 1,
    root: mesh.root,
    logKey: log.verifierKey,
    signers: Object.fromEntries(names.map((name) => [members[name].nodeId, signerIdOf(keys[name])])),
  };
  const made = createGenesis({
    name: 'test',
    createdMs: systemClock.nowMs() - 1000,
    profile: 'localhost',
    members: names.map((name) => ({
      name,
      key: members[name].key.publicKey,
      vrfKey: createVrfKey(keys[name].vrfSeed).publicKey,
      power: foundingPower,
      validator: name === 'amber',
      space: foundingPlots,
    })),
    bindings: factsBinding(facts),
  });

  const transport = createMemoryHub().transport(0);
  const ports = { transport, clock: systemClock, log: silentLog, metrics: silentMetrics };
  const ledger = cleanup.use(await openLedgerService(directory, { ...made, facts }, keys.amber, ports));
  const ledgers = { amber: ledger, birch: await ledgerOf(ledger, keys.birch, cleanup) };

  const behaviour: ThreeMembers['behaviour'] = { isLying: false, gate: undefined };
  const started: string[] = [];
  const usedLeasesPath = `${directory.path}/used-leases`;
  const usedLeases = openUsedLeases(usedLeasesPath);

  const receipts = {
    amber: openReceipts(`${directory.path}/receipts-amber`),
    birch: openReceipts(`${directory.path}/receipts-birch`),
    cedar: openReceipts(`${directory.path}/receipts-cedar`),
  };
  const network = createMemoryNetwork();
  const nodes = names.map(async (name) => {
    const identity = members[name];
    const stoq = cleanup.use(await memoryNode(network, name, identity));
    const book = cleanup.use(openAddressBook(cleanup.use(temporaryDirectory())));
    for (const other of names) book.note(members[other].nodeId, `memory://${other}`);
    const peers = cleanup.use(createPeers(identity.nodeId, stoq, book, ports));
    const store = cleanup.use(await openDiskStore(join(directory.path, `content-${name}`)));
    cleanup.defer(serveContent(stoq, store));
    const before = {
      phase: 0,
      nodeId: identity.nodeId,
      keys: keys[name],
      config,
      pinnedRoot: mesh.root,
    } as const;
    const first = phase1(before, identity.credentials, systemClock);
    const second = first.ok ? phase2(first.next, { ...made, facts }) : first;
    if (!second.ok) throw new Error(second.reason);
    const artifacts = trustchainArtifacts({ phase: second.next, transparency: log, clock: systemClock });
    const own = name === 'birch' ? ledgers.birch : ledger;
    const service = await openTestCatalog(cleanup, {
      directory: cleanup.use(temporaryDirectory()),
      phase: second.next,
      ledger: own,
      stoq,
      peers,
      store,
      book,
      artifacts,
      members: names.map((each) => members[each].nodeId),
      copies: 2,
    });
    const programs = catalogPrograms(service);
    const content = runContent(store, peers);
    const { secretKey } = identity.key;
    const claims = createBoundedClaims({ runs: 8, memoryBytes: 2 ** 30 });
    const metering = walletMetering({
      ...{ receipts: receipts[name], chainId: own.chainId, self: identity.nodeId, secretKey },
    });
    mkdirSync(join(directory.path, `machine-${name}`));
    const machine = cleanup.use(
      machineExecutors(dataDirectory(join(directory.path, `machine-${name}`)), {
        ...{ claims, content, config, secretKey, clock: systemClock },
      }),
    );
    const executors = async (): Promise<Executors> => {
      const ready = await machine.ready();
      return {
        ...ready,
        async run(request) {
          const start = () => {
            const may = request.start?.() ?? true;
            if (may) started.push(name);
            return may;
          };
          const report = await ready.run({ ...request, start });
          const { output } = report;
          if (!behaviour.isLying || output === undefined) return report;
          return { ...report, output: { ...output, bytes: utf8('a lie') } };
        },
      };
    };
    cleanup.use(
      serveRuns(stoq, {
        ledger: own,
        programs: {
          ...programs,
          async bring(...given) {
            const { gate } = behaviour;
            if (gate !== undefined && --gate.missing <= 0) gate.open.resolve();
            await gate?.open.promise;
            return programs.bring(...given);
          },
        },
        content,
        executors,
        metering,
        usedLeases: name === 'cedar' ? usedLeases : openUsedLeases(`${usedLeasesPath}-${name}`),
        config,
        self: identity.nodeId,
        secretKey,
        log: silentLog,
        metrics: silentMetrics,
      }),
    );
    const memory = cleanup.use(
      openMemoryService({
        stoq,
        peers,
        ledger: own,
        claims: inventoryMemoryClaims(boundedClaims(2 ** 20), identity.nodeId),
        members: new Map(names.map((each) => [members[each].nodeId, each])),
        self: identity.nodeId,
        secretKey: identity.key.secretKey,
        clock: systemClock,
        log: silentLog,
        metrics: silentMetrics,
        nameOf: (node) => names.find((each) => members[each].nodeId === node) ?? node,
      }),
    );
    return { stoq, peers, packages: service, programs, content, metering, machine, memory };
  });
  const [a, b, c] = await Promise.all(nodes);
  if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes');
  const memory = { amber: a.memory, birch: b.memory, cedar: c.memory };
  const packages = { amber: a.packages, birch: b.packages, cedar: c.packages };
  const identityOf = (node: NodeId) => identities.find(({ nodeId }) => nodeId === node);
  const keyOf = (node: NodeId) => identityOf(node)?.key.publicKey ?? new Uint8Array();
  const runs = createRunService({
    ledger: ledgers.birch,
    programs: b.programs,
    content: b.content,
    metering: b.metering,
    asks: createNodeAsks(b.peers, keyOf),
    offerOfSelf: async () =>
      (await b.machine.ready()).offer({ node: birch.nodeId, name: 'birch', requester: birch.nodeId }),
    others: [amber.nodeId, cedar.nodeId],
    keyOf,
    nameOf: (node) => names.find((name) => members[name].nodeId === node) ?? node,
  });
  const sessions = {
    birch: await b.peers.sessionWith(cedar.nodeId),
    amber: await a.peers.sessionWith(cedar.nodeId),
  };

  async function publishGuest(name: string, module: Uint8Array): Promise<void> {
    const path = join(directory.path, 'packages', name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'program.wasm'), module);
    writeFileSync(join(path, 'input'), `input of ${name}`);
    const document = {
      apiVersion: 'catalog.v1',
      kind: 'AssetPackage',
      metadata: { name, version: '1.0.0' },
      spec: {
        description: `the guest ${name}`,
        type: 'vm.wasm',
        content: { files: ['program.wasm', 'input'], entrypoint: 'program.wasm', args: ['run', 'input'] },
      },
    };
    writeFileSync(join(path, 'catalog.yaml'), JSON.stringify(document));
    await packages.amber.publish(path, () => undefined, new AbortController().signal);
  }

  async function publishScript(
    ...[name, files, dependencies = {}]: Parameters<ThreeMembers['publishScript']>
  ): Promise<void> {
    const path = join(directory.path, 'packages', name);
    mkdirSync(path, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
    const [entrypoint] = Object.keys(files);
    const document = {
      apiVersion: 'catalog.v1',
      kind: 'AssetPackage',
      metadata: { name, version: '1.0.0' },
      spec: {
        description: `the script ${name}`,
        type: 'library.javascript',
        content: { files: Object.keys(files), entrypoint },
        dependencies: Object.entries(dependencies).map(([on, range]) => ({ name: on, version: range })),
      },
    };
    writeFileSync(join(path, 'catalog.yaml'), JSON.stringify(document));
    await packages.amber.publish(path, () => undefined, new AbortController().signal);
  }

  return {
    members,
    ledgers,
    packages,
    runs,
    memory,
    peers: { amber: a.peers, birch: b.peers, cedar: c.peers },
    sessions,
    started,
    usedLeases,
    usedLeasesPath,
    behaviour,
    receipts,
    publishGuest,
    publishScript,
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** Claims of a member whose memory asset has so many bytes. */
function boundedClaims(maxBytes: number): Pick<ClaimService, 'reserve' | 'commit' | 'release'> {
  const claimed = new Map<string, number>();
  return {
    async reserve({ needs: { memoryBytes = 0 } }) {
      const taken = [...claimed.values()].reduce((sum, bytes) => sum + bytes, 0);
      if (taken + memoryBytes > maxBytes) {
        const reason = { asset: 'memory', kind: 'memory', code: 'over-share' as const, remedy: 'lend less' };
        return { ok: false, reasons: [{ ...reason, rule: `at most ${maxBytes} bytes` }] };
      }
      const id = `claim ${claimed.size}`;
      claimed.set(id, memoryBytes);
      return { ok: true, claim: { id, expiresAtMs: Number.POSITIVE_INFINITY } };
    },
    commit: async () => ({ ok: true, expiresAtMs: Number.POSITIVE_INFINITY }),
    async release(id) {
      claimed.delete(id);
    },
  };
}

/** The same ledger, acted on by another member with keys and plots of its own. */
async function ledgerOf(
  ledger: LedgerService,
  keys: NodeKeys,
  cleanup: AsyncDisposableStack,
): Promise<LedgerService> {
  const { chainId, validator } = ledger;
  const owner = keys.ed25519.publicKey;
  const plots = cleanup.use(await createMemberPlots({ chainId, owner, space: foundingPlots }));
  const parts = { validator, chainId, keys, plots, clock: systemClock, metrics: silentMetrics };
  const operations = createOperations({ ...parts, ledger: ledger.ledger });
  return { ...ledger, ...operations, [Symbol.asyncDispose]: async () => undefined };
}
