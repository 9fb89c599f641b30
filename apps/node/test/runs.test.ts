import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createGenesis,
  createMemberPlots,
  createMemoryHub,
  createOperation,
  createVrfKey,
  encodeTransaction,
  type FinalityProof,
  prove,
} from '@hypermesh/consensus';
import { encodeFinalityProof } from '@hypermesh/consensus/light';
import { tamper } from '@hypermesh/consensus/testing';
import { type CanonicalValue, type NodeId, silentLog, silentMetrics, utf8 } from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { createMemoryNetwork, type Peer } from '@hypermesh/stoq';
import { createMemoryStore, serveContent } from '@hypermesh/stoq/content';
import { suiteFor } from '@hypermesh/trustchain/suite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { trustchainArtifacts } from '../src/adapters/artifacts.ts';
import { openTransparency } from '../src/adapters/transparency.ts';
import { wasmExecutor } from '../src/adapters/wasm-executor.ts';
import { defaultConfig, type NodeConfig } from '../src/config.ts';
import { type NodeKeys, signerIdOf } from '../src/identity.ts';
import { foundingPlots, foundingPower } from '../src/ledger/options.ts';
import { type LedgerService, openLedgerService } from '../src/ledger/service.ts';
import { openAddressBook } from '../src/mesh/addresses.ts';
import { factsBinding, type MeshFacts } from '../src/mesh/facts.ts';
import { textOfPeer } from '../src/mesh/members.ts';
import { createPeers } from '../src/mesh/peers.ts';
import { createPackageService, type PackageService } from '../src/package/service.ts';
import { phase1, phase2 } from '../src/phases.ts';
import { createRunService, type RunService } from '../src/run/asking.ts';
import { encodeLeaseTerms, type LeaseTerms } from '../src/run/lease.ts';
import type { ExecutionRequest } from '../src/run/ports.ts';
import {
  encodeExecuteAsk,
  encodeReexecuteAsk,
  executeRequest,
  reexecuteRequest,
} from '../src/run/protocol.ts';
import { serveRuns } from '../src/run/serving.ts';
import { openUsedLeases, type UsedLeases } from '../src/run/used-leases.ts';
import { echo, garbage, memoryBomb, spin, trap } from './guests.ts';
import {
  certify,
  createTestAuthority,
  failureOf,
  memoryNode,
  type TestIdentity,
  temporaryDirectory,
} from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/*
 * Three members in one process, with everything real but the wire: amber holds the one validator and publishes, birch
 * asks for runs, cedar executes them and amber executes them again.
 */
const cleanup = new AsyncDisposableStack();
const stop = new AbortController();
const tell = () => undefined;
const config: NodeConfig = { ...defaultConfig, name: 'node', maxRunFuel: 10n ** 15n, maxRunMemoryPages: 64 };
/** Whether cedar answers something else than its program did. */
let isLying = false;
/** Holds runs between their admission and their start until so many are there. */
let gate: { missing: number; readonly open: PromiseWithResolvers<void> } | undefined;
/** What was really started, by whom. */
const started: string[] = [];
let usedLeases: UsedLeases;
let usedLeasesPath: string;
let members: Record<'amber' | 'birch' | 'cedar', TestIdentity>;
let ledgers: Record<'amber' | 'birch', LedgerService>;
let packages: Record<'amber' | 'birch' | 'cedar', PackageService>;
let runs: RunService;
let sessions: Record<'birch' | 'amber', Peer>;
let folder: string;

beforeAll(async () => {
  const directory = cleanup.use(temporaryDirectory());
  folder = directory.path;
  const mesh = await createTestAuthority();
  const identities = await Promise.all([certify(mesh), certify(mesh), certify(mesh)]);
  const [amber, birch, cedar] = identities as [TestIdentity, TestIdentity, TestIdentity];
  members = { amber, birch, cedar };
  const falcon = suiteFor('falcon-1024-r3');
  const keysOf = async (identity: TestIdentity): Promise<NodeKeys> => ({
    ed25519: identity.key,
    falcon: await falcon.generate(),
    certificate: identity.credentials.current().keys,
    vrfSeed: crypto.getRandomValues(new Uint8Array(32)),
  });
  const keys = { amber: await keysOf(amber), birch: await keysOf(birch), cedar: await keysOf(cedar) };
  const log = cleanup.use(await openTransparency(directory.log, 'hypermesh.online/log', generateKey()));
  const facts: MeshFacts = {
    v: 1,
    root: mesh.root,
    logKey: log.verifierKey,
    signers: { [amber.nodeId]: signerIdOf(keys.amber) },
  };
  const names = ['amber', 'birch', 'cedar'] as const;
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
  const ledger = cleanup.use(await openLedgerService(directory, made, keys.amber, ports));
  ledgers = { amber: ledger, birch: await ledgerOf(ledger, keys.birch) };

  const network = createMemoryNetwork();
  const nodes = names.map(async (name) => {
    const identity = members[name];
    const stoq = cleanup.use(await memoryNode(network, name, identity));
    const book = cleanup.use(openAddressBook(cleanup.use(temporaryDirectory())));
    for (const other of names) book.note(members[other].nodeId, `memory://${other}`);
    const peers = cleanup.use(createPeers(identity.nodeId, stoq, book, ports));
    const store = createMemoryStore();
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
    const service = createPackageService({
      ledger: own,
      peers,
      store,
      artifacts,
      self: identity.nodeId,
      nameOf: (node) => node,
      log: silentLog,
    });
    const path = join(directory.path, `used-leases-${name}`);
    const leases = openUsedLeases(path);
    if (name === 'cedar') {
      usedLeases = leases;
      usedLeasesPath = path;
    }
    const executor = wasmExecutor();
    cleanup.defer(
      serveRuns(stoq, {
        ledger: own,
        packages: {
          ...service,
          async obtain(...given) {
            if (gate !== undefined && --gate.missing <= 0) gate.open.resolve();
            await gate?.open.promise;
            return service.obtain(...given);
          },
        },
        executor: {
          async execute(request: ExecutionRequest) {
            started.push(name);
            const result = await executor.execute(request);
            return isLying && result.exit === 'ok' ? { ...result, output: utf8('a lie') } : result;
          },
          reexecute: executor.reexecute,
        },
        usedLeases: leases,
        config,
        self: identity.nodeId,
        secretKey: identity.key.secretKey,
        log: silentLog,
      }),
    );
    return { stoq, peers, packages: service };
  });
  const [a, b, c] = await Promise.all(nodes);
  if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes');
  packages = { amber: a.packages, birch: b.packages, cedar: c.packages };
  const identityOf = (node: NodeId) => identities.find(({ nodeId }) => nodeId === node);
  runs = createRunService({
    ledger: ledgers.birch,
    peers: b.peers,
    packages: b.packages,
    keyOf: (node) => identityOf(node)?.key.publicKey ?? new Uint8Array(),
    nameOf: (node) => names.find((name) => members[name].nodeId === node) ?? node,
  });
  sessions = {
    birch: await b.peers.sessionWith(cedar.nodeId),
    amber: await a.peers.sessionWith(cedar.nodeId),
  };
});

afterAll(async () => {
  stop.abort();
  await cleanup.disposeAsync();
});

/** The same ledger, acted on by another member with keys and plots of its own. */
async function ledgerOf(ledger: LedgerService, { ed25519, vrfSeed }: NodeKeys): Promise<LedgerService> {
  const { chainId } = ledger;
  const plots = cleanup.use(
    await createMemberPlots({ chainId, owner: ed25519.publicKey, space: foundingPlots }),
  );
  const own = { signer: createSigner(ed25519.secretKey), vrf: createVrfKey(vrfSeed), plots };
  const prepare: LedgerService['prepare'] = async (kind, body) => {
    const actor = ed25519.publicKey;
    const sequence = ledger.ledger.sequenceOf(actor) + 1;
    const operation = createOperation({ chainId, kind, actor, sequence, body });
    await ledger.applied(1, stop.signal);
    const context = ledger.ledger.proveContext({ ...own, nowMs: systemClock.nowMs() });
    return { operation, proof: await prove(operation, context) };
  };
  return {
    ...ledger,
    prepare,
    async act(kind, body) {
      const final = await ledger.submit(encodeTransaction(await prepare(kind, body)));
      return { ...final, provingMs: 0 };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function publishGuest(
  name: string,
  module: Uint8Array,
  input = utf8(`input of ${name}`),
): Promise<void> {
  const path = join(folder, 'packages', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'program.wasm'), module);
  writeFileSync(join(path, 'input'), input);
  const manifest = {
    name,
    version: '1.0.0',
    program: { module: 'program.wasm', input: 'input' },
    files: ['program.wasm', 'input'],
  };
  writeFileSync(join(path, 'hypermesh.json'), JSON.stringify(manifest));
  await packages.amber.publish(path, tell, stop.signal);
}

const request = (spec: string, change: object = {}) => ({
  spec,
  executor: members.cedar.nodeId,
  auditor: members.amber.nodeId,
  fuel: 1_000_000n,
  memoryPages: 16,
  deadlineMs: 10_000,
  ...change,
});

const termsOf = (change: Partial<LeaseTerms> = {}): LeaseTerms => ({
  v: 1,
  executor: members.cedar.nodeId,
  package: 'echo@1.0.0',
  document: packages.birch.resolve('echo').record.document,
  fuel: 1_000_000n,
  memoryPages: 16,
  deadlineMs: 10_000,
  ...change,
});

let leases = 0;
const lease = (terms: LeaseTerms): CanonicalValue => ({
  key: `lease-${++leases}`,
  value: encodeLeaseTerms(terms),
});

async function askedOf(
  session: Peer,
  transaction: Uint8Array,
  proof: FinalityProof | Uint8Array = new Uint8Array(),
): Promise<string> {
  const bytes = proof instanceof Uint8Array ? proof : encodeFinalityProof(proof);
  const answer = await session.request(executeRequest, encodeExecuteAsk({ v: 1, transaction, proof: bytes }));
  if (answer.ok) return 'ran';
  const detail = textOfPeer(answer.body);
  return `${answer.code ?? answer.reason}${detail === '' ? '' : `: ${detail}`}`;
}

describe('a run', () => {
  beforeAll(async () => {
    await publishGuest('echo', echo);
  });

  it('of a WebAssembly program starts after its four proofs, is metered, and another node finds the same [executors-01]', async () => {
    started.length = 0;
    const outcome = await runs.run(request('echo'), tell, stop.signal);
    expect(outcome).toMatchObject({
      package: 'echo@1.0.0',
      node: 'cedar',
      exit: 'ok',
      outputText: 'input of echo',
      reexecutedBy: 'amber',
      matches: true,
      proofs: { space: 'valid', stake: 'valid', work: 'valid', time: 'valid' },
    });
    expect(BigInt(outcome.fuel)).toBeGreaterThan(0n);
    expect(BigInt(outcome.fuel)).toBeLessThan(1_000_000n);
    expect(started).toEqual(['cedar']);
    expect(usedLeases.has(outcome.lease)).toBe(true);
  });

  it.each<[string, Uint8Array, object, string]>([
    ['loops for ever ends out of its fuel', spin, {}, 'out-of-fuel'],
    [
      'grows its memory for ever ends at the pages that were leased',
      memoryBomb,
      { fuel: 10n ** 9n },
      'memory',
    ],
    ['has fuel for years ends at its deadline', spin, { fuel: 10n ** 15n, deadlineMs: 200 }, 'deadline'],
    ['ends itself says so', trap, {}, 'trap'],
    ['is no module is denied before it begins', garbage, {}, 'denied'],
  ])('of a program that %s, and the node serves the next', async (words, module, limits, exit) => {
    const name = `guest-that-${words.split(' ', 3).join('-')}`;
    await publishGuest(name, module);
    const outcome = await runs.run(request(name, limits), tell, stop.signal);
    expect(outcome).toMatchObject({ exit, outputDigest: null, reexecutedBy: null, matches: false });
    if (exit === 'out-of-fuel') expect(outcome.fuel).toBe('1000000');
    expect((await runs.run(request('echo'), tell, stop.signal)).exit).toBe('ok');
  });

  it('of a node that answers another output than its receipt names is not believed', async () => {
    isLying = true;
    const failure = await failureOf(() => runs.run(request('echo'), tell, stop.signal));
    isLying = false;
    expect(failure).toMatchObject({ code: 'node/refused', by: members.cedar.nodeId });
    expect(failure.message).toContain('the output is not the one that its receipt names');
  });

  it('keeps its result when the second node cannot be had', async () => {
    const nobody = members.birch.nodeId;
    const outcome = await runs.run(request('echo', { auditor: nobody }), tell, stop.signal);
    expect(outcome).toMatchObject({
      exit: 'ok',
      outputText: 'input of echo',
      reexecutedBy: null,
      matches: false,
    });
    expect(outcome.reexecution).toContain('Cannot reach');
  });
});

describe('the executing node starts nothing', () => {
  async function startsNothing(attempt: () => Promise<string>): Promise<string> {
    const before = started.length;
    const answer = await attempt();
    expect(started.length).toBe(before);
    return answer;
  }

  it.each(['space', 'stake', 'work', 'time'] as const)(
    'for a lease whose %s leg was altered, and neither ledger nor node accepts it [consensus-01]',
    async (leg) => {
      const { operation, proof } = await ledgers.birch.prepare('lease.commit', lease(termsOf()));
      const altered = encodeTransaction({ operation, proof: tamper[leg](proof) });
      const byLedger = await failureOf(() => ledgers.birch.submit(altered));
      expect(byLedger).toMatchObject({ code: 'node/operation-refused', leg });
      expect(await startsNothing(() => askedOf(sessions.birch, altered))).toMatch(`proof-refused: ${leg}: `);
      const failure = await failureOf(() =>
        runs.execute(members.cedar.nodeId, altered, undefined, { deadlineMs: 1000 }, stop.signal),
      );
      expect(failure).toMatchObject({ code: 'node/operation-refused', leg });
    },
  );

  it('for garbage, for nothing, and for a proof that belongs to another operation', async () => {
    const ask = async (body: Uint8Array) => {
      const answer = await sessions.birch.request(executeRequest, body);
      return answer.ok ? 'ran' : answer.code;
    };
    for (const body of [new Uint8Array(), utf8('garbage'), new Uint8Array(2_000_000)]) {
      expect(await startsNothing(async () => String(await ask(body)))).toBe('malformed');
    }
    expect(await startsNothing(() => askedOf(sessions.birch, utf8('no transaction')))).toMatch(/^malformed/);
    const [one, other] = [
      await ledgers.birch.prepare('lease.commit', lease(termsOf())),
      await ledgers.birch.prepare('lease.commit', lease(termsOf())),
    ];
    const swapped = encodeTransaction({ operation: one.operation, proof: other.proof });
    expect(await startsNothing(() => askedOf(sessions.birch, swapped))).toMatch(/^proof-refused: /);
  });

  it('for a lease with four good proofs that is not final, whatever finality is claimed', async () => {
    const transaction = encodeTransaction(await ledgers.birch.prepare('lease.commit', lease(termsOf())));
    expect(await startsNothing(() => askedOf(sessions.birch, transaction))).toMatch(/^not-final/);
    expect(await startsNothing(() => askedOf(sessions.birch, transaction, utf8('final, I swear')))).toMatch(
      /^not-final/,
    );
    const other = await ledgers.birch.act('asset.register', { key: 'other', value: 1 });
    expect(await startsNothing(() => askedOf(sessions.birch, transaction, other.proof))).toMatch(
      /^not-final/,
    );
    const bytes = encodeFinalityProof(other.proof).slice();
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    expect(await startsNothing(() => askedOf(sessions.birch, other.transaction, bytes))).toMatch(
      /^not-final/,
    );
  });

  it('for a final operation that is no lease, for another’s lease, and for a lease of another node', async () => {
    const asset = await ledgers.birch.act('asset.register', { key: 'asset', value: 1 });
    expect(await startsNothing(() => askedOf(sessions.birch, asset.transaction, asset.proof))).toBe(
      'no-lease: asset.register',
    );
    const mine = await ledgers.birch.act('lease.commit', lease(termsOf()));
    expect(await startsNothing(() => askedOf(sessions.amber, mine.transaction, mine.proof))).toBe(
      'not-your-lease',
    );
    const elsewhere = await ledgers.birch.act(
      'lease.commit',
      lease(termsOf({ executor: members.amber.nodeId })),
    );
    expect(await startsNothing(() => askedOf(sessions.birch, elsewhere.transaction, elsewhere.proof))).toBe(
      'not-my-lease',
    );
  });

  it.each<[string, Partial<LeaseTerms>, string]>([
    ['more fuel than it lends', { fuel: 10n ** 15n + 1n }, 'over-limits: at most 1000000000000000 fuel'],
    ['more memory than it lends', { memoryPages: 65 }, 'over-limits: at most 64 pages of memory'],
    ['no time at all', { deadlineMs: 0 }, 'over-limits: each limit must be above 0'],
    [
      'a package that nobody published',
      { package: 'nothing@1.0.0' },
      'no-package: There is no nothing@1.0.0',
    ],
    ['another document than the one that was leased', { package: 'other@1.0.0' }, 'another-document'],
  ])('for a lease of %s', async (_, change, answer) => {
    if (change.package === 'other@1.0.0') await publishGuest('other', spin);
    const { transaction, proof } = await ledgers.birch.act('lease.commit', lease(termsOf(change)));
    expect(await startsNothing(() => askedOf(sessions.birch, transaction, proof))).toBe(answer);
  });

  it('for a lease whose terms are no terms', async () => {
    const { transaction, proof } = await ledgers.birch.act('lease.commit', {
      key: 'no-terms',
      value: 'please',
    });
    expect(await startsNothing(() => askedOf(sessions.birch, transaction, proof))).toMatch(/^malformed/);
  });

  it('twice for one lease, not even when asked at once or after a restart', async () => {
    const { transaction, proof, id } = await ledgers.birch.act('lease.commit', lease(termsOf()));
    const before = started.length;
    gate = { missing: 3, open: Promise.withResolvers() };
    const answers = await Promise.all([1, 2, 3].map(() => askedOf(sessions.birch, transaction, proof)));
    gate = undefined;
    expect(answers.sort()).toEqual(['lease-used', 'lease-used', 'ran']);
    expect(started.length).toBe(before + 1);
    expect(await startsNothing(() => askedOf(sessions.birch, transaction, proof))).toBe('lease-used');
    expect(openUsedLeases(usedLeasesPath).use(id)).toBe(false);
  });

  it('beyond the runs that one member may have at once', async () => {
    await publishGuest('slow', spin);
    const document = packages.birch.resolve('slow').record.document;
    const slow = { package: 'slow@1.0.0', document, fuel: 10n ** 15n, deadlineMs: 400 };
    const final = [];
    for (let count = 0; count < 5; count++)
      final.push(await ledgers.birch.act('lease.commit', lease(termsOf(slow))));
    const answers = await Promise.all(
      final.map(({ transaction, proof }) => askedOf(sessions.birch, transaction, proof)),
    );
    expect(answers.filter((answer) => answer === 'busy')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'ran')).toHaveLength(4);
  });

  it('again for a receipt that is malformed, or beyond what it lends', async () => {
    const ask = async (change: object) => {
      const body = {
        v: 1,
        package: 'echo@1.0.0',
        document: termsOf().document,
        memoryPages: 16,
        deadlineMs: 1000,
      };
      const question = encodeReexecuteAsk({ ...body, receipt: utf8('no receipt'), ...change } as never);
      const answer = await sessions.birch.request(reexecuteRequest, question);
      return answer.ok ? 'ran' : answer.code;
    };
    expect(await ask({})).toBe('malformed');
  });
});
