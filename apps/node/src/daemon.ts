import {
  type Clock,
  createReplaceable,
  type Log,
  type Metrics,
  type NodeId,
  type ReplaceableCell,
} from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { createRelay } from '@hypermesh/proxy-nat';
import { type Carrier, createStoq, quicCarrier, type StoqEvent, type StoqNode } from '@hypermesh/stoq';
import { type DiskStore, openDiskStore, serveContent } from '@hypermesh/stoq/content';
import { publicKeysOf } from '@hypermesh/trustchain/ca';
import { fingerprint } from '@hypermesh/trustchain/x509';
import { unlessAborted } from './abort.ts';
import { certificateAuthenticator, isEnrolling } from './adapters/authenticator.ts';
import { remoteTransparency } from './adapters/transparency.ts';
import { readConfig } from './config.ts';
import { controlMethods } from './control/methods/index.ts';
import { serveControl } from './control/server.ts';
import type { DataDirectory } from './data-directory.ts';
import { lockDirectory } from './directory-lock.ts';
import { NodeError } from './errors.ts';
import { createEvents } from './events/hub.ts';
import { type Founder, openFounder } from './founder.ts';
import { type Credentials, loadNodeKeys, nodeIdOfKeys, readChain, readPassphrase } from './identity.ts';
import { type MachineRecord, openMachine } from './inventory/machine.ts';
import { chainIn, renewalAsk, renewByEnrolling, storeChain } from './join.ts';
import { type AddressBook, openAddressBook } from './mesh/addresses.ts';
import { shareAddresses } from './mesh/directory.ts';
import { keepGenesis, receiveGenesis } from './mesh/genesis.ts';
import { formatInvitation } from './mesh/invitation.ts';
import { requestOf } from './mesh/members.ts';
import { createPeers, type Peers } from './mesh/peers.ts';
import { renewRequest } from './mesh/protocol.ts';
import { keepCertified } from './mesh/renewal.ts';
import type { LogLevel } from './monitor/logs/line.ts';
import { openNodeLog } from './monitor/logs/node-log.ts';
import { lookAtMesh } from './monitor/mesh-look.ts';
import { createMetrics, type MetricsRegistry } from './monitor/metrics/registry.ts';
import { openMonitor } from './monitor/monitor.ts';
import { metricTable } from './monitor/table/index.ts';
import { type Phase0, type Phase1, phase1, phase2 } from './phases.ts';
import { relayCarrier, relayListen } from './relay/carrier.ts';
import { serveRelay } from './relay/serving.ts';
import { type MeshServices, openMeshServices } from './services.ts';
import { describeNode } from './status-of.ts';

/** A running node. Disposing of it stops everything it started. */
export interface Daemon extends AsyncDisposable {
  readonly name: string;
  readonly nodeId: NodeId;
  readonly address: string;
  /** Lines that let further machines join; none on a node that founded nothing. */
  invitations(): readonly string[];
}

/** What a daemon may be told. */
export interface DaemonOptions {
  readonly log: Log;
  /** The least level that is kept on disk; `info` unless told otherwise. */
  readonly logLevel?: LogLevel;
  readonly passphraseFile?: string;
  readonly clock?: Clock;
  /** Gives up the opening; a daemon that is open goes on until it is disposed of. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the node of a data directory. Resolves when it serves; the ledger follows as soon as there is a genesis, and
 * `status` tells how far that is. Throws NodeError where the directory holds no node, another process has it, or a
 * file of it cannot be used.
 */
export async function openDaemon(directory: DataDirectory, options: DaemonOptions): Promise<Daemon> {
  const { passphraseFile, clock = systemClock, signal } = options;
  await using cleanup = new AsyncDisposableStack();
  const config = readConfig(directory);
  cleanup.use(lockDirectory(directory));
  const metrics = createMetrics(metricTable);
  const log = cleanup.use(
    openNodeLog(directory.logs, {
      beside: options.log,
      least: options.logLevel ?? 'info',
      bounds: config.log,
      clock,
      metrics,
    }),
  );
  const passphrase = readPassphrase(directory, passphraseFile);
  const keys = await loadNodeKeys(directory, passphrase);
  const nodeId = nodeIdOfKeys(keys);
  const pinnedRoot = pinnedRootOf(directory);
  const phase0: Phase0 = { phase: 0, nodeId, keys, config, pinnedRoot };
  const founder = await openFounder(directory, passphrase, clock, metrics);
  if (founder !== undefined) cleanup.use(founder);
  const book = cleanup.use(openAddressBook(directory, log));
  const phase = await certified(directory, phase0, { founder, book, clock, log, signal });
  signal?.throwIfAborted();

  const stopping = new AbortController();
  const store = cleanup.use(await openDiskStore(directory.content, { metrics }));
  const relayed = relayCarrier();
  const carriers = [quicCarrier(), relayed];
  const stoq = await listen(phase, book, { founder, carriers, clock, log, metrics });
  // Everything below answers peers: nothing may be awaited until all of it is in place.
  cleanup.defer(() => stoq.close());
  const [address = ''] = stoq.addresses;
  book.note(nodeId, address);
  book.flush();
  cleanup.defer(serveContent(stoq, store, { authorize: (peer) => !isEnrolling(peer.identity), metrics }));
  cleanup.defer(relayed.attach(stoq, nodeId, log));
  cleanup.defer(serveRelay(stoq, { log, relay: createRelay({ metrics }) }));
  const peers = cleanup.use(createPeers(nodeId, stoq, book, { clock, log }));
  cleanup.defer(shareAddresses(stoq, { self: nodeId, address, book, log }));
  if (founder !== undefined) cleanup.defer(founder.serve(stoq, { clock, log }));
  cleanup.use(
    keepCertified(phase.credentials, {
      clock,
      log,
      renew: () => renew(directory, phase, { founder, peers, clock }),
    }),
  );

  // Beside the start, not before it: a node serves while it is measured.
  const machine = openMachine(directory, keys, { clock, log, signal: stopping.signal });
  const measured = machine.catch((error: unknown) => {
    if (!stopping.signal.aborted) log.error('inventory.not-measured', { message: String(error) });
    return undefined;
  });
  const growth = grow(directory, phase, {
    stoq,
    peers,
    store,
    founder,
    book,
    machine: measured,
    clock,
    log,
    metrics,
    signal: stopping.signal,
  });
  cleanup.defer(async () => {
    stopping.abort(new Error('the node stops'));
    await (await growth.settled())?.[Symbol.asyncDispose]();
    await measured;
  });
  const monitor = cleanup.use(
    openMonitor(directory, { metrics, log, clock, events: createEvents({ clock }) }),
  );
  cleanup.use(lookAtMesh(metrics, { phase, stoq, clock, services: growth.current }));
  const startedMs = clock.monotonicMs();
  const invitations = () => (founder?.invitations(nodeId, stoq.addresses) ?? []).map(formatInvitation);
  const status = () =>
    describeNode({
      phase,
      stoq,
      book,
      address,
      services: growth.current(),
      problem: growth.problem(),
      uptimeMs: clock.monotonicMs() - startedMs,
    });
  cleanup.use(
    await serveControl(
      directory.controlSocket,
      controlMethods({ status, invitations, machine, config, nodeId, growth }),
      log,
    ),
  );
  log.info('node.up', { name: config.name, nodeId, address });
  const owned = cleanup.move();
  return {
    name: config.name,
    nodeId,
    address,
    invitations,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** How a node comes from phase 1 to phase 2, which may take until the last member has joined. */
export interface Growth {
  /** The services of phase 2, or undefined before. */
  current(): MeshServices | undefined;
  /** What prevents it for good, in words. */
  problem(): string | undefined;
  /** Resolves with them once they are there; rejects with what prevents it. */
  reached(signal: AbortSignal): Promise<MeshServices>;
}

interface GrowthParts {
  readonly stoq: StoqNode;
  readonly peers: Peers;
  readonly store: DiskStore;
  readonly founder: Founder | undefined;
  readonly book: AddressBook;
  readonly machine: Promise<MachineRecord | undefined>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly signal: AbortSignal;
}

function grow(
  directory: DataDirectory,
  phase: Phase1,
  parts: GrowthParts,
): Growth & { settled(): Promise<MeshServices | undefined> } {
  const { peers, founder, book, clock, log, signal } = parts;
  let services: MeshServices | undefined;

  async function reach(): Promise<MeshServices> {
    const founderId = phase.config.founder ?? phase.nodeId;
    const found = await receiveGenesis(directory, { founder, founderId, peers, clock, log, signal });
    const advanced = phase2(phase, found);
    if (!advanced.ok) {
      throw new NodeError(
        {
          code: 'node/refused',
          by: 'genesis',
          reason: advanced.reason,
          next: 'join again with a new invitation',
        },
        `The genesis cannot be used: ${advanced.reason}`,
      );
    }
    keepGenesis(directory, found);
    const transparency = founder?.transparency ?? remoteTransparency(peers, founderId);
    services = await openMeshServices(directory, advanced.next, { ...parts, transparency });
    log.info('node.phase', { phase: 2, chain: found.chainId, members: book.entries().length });
    return services;
  }

  let problem: string | undefined;
  const reaching = reach();
  reaching.catch((error: unknown) => {
    problem = error instanceof Error ? error.message : String(error);
    if (!signal.aborted) log.error('node.no-ledger', { message: problem });
  });
  return {
    current: () => services,
    problem: () => problem,
    settled: () => reaching.catch(() => undefined),
    reached: (until) => unlessAborted(reaching, until),
  };
}

/** The fingerprint of the only root this node believes: the certificate that `init` made or the invitation named. */
function pinnedRootOf(directory: DataDirectory): string {
  const [root] = readChain(directory.root);
  if (root !== undefined) return fingerprint(root);
  throw new NodeError(
    {
      code: 'node/damaged-file',
      file: directory.root,
      reason: 'no certificate in it',
      next: 'restore it from a copy',
    },
    `${directory.root} holds no certificate`,
  );
}

interface CertifiedParts {
  readonly founder: Founder | undefined;
  readonly book: AddressBook;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal | undefined;
}

/** Phase 1: with the certificate at hand, or, where that ran out while the node was off, with a fresh one. */
async function certified(
  directory: DataDirectory,
  phase0: Phase0,
  parts: CertifiedParts,
): Promise<Phase1WithCell> {
  const { founder, book, clock, log, signal } = parts;
  const { keys, config, pinnedRoot, nodeId } = phase0;
  const credentials = createReplaceable<Credentials>({
    chain: readChain(directory.certificate),
    keys: keys.certificate,
  });
  const first = phase1(phase0, credentials, clock);
  if (first.ok) return { ...first.next, credentials };
  log.warn('certificate.unusable', { reason: first.reason });
  const founderId = config.founder ?? nodeId;
  const address = book.addressOf(founderId);
  const founderAddress = { node: founderId, addresses: address === undefined ? [] : [address] };
  const chain =
    founder === undefined
      ? await renewByEnrolling(keys, pinnedRoot, founderAddress, signal)
      : await founder.certify({ nodeId, publicKeys: publicKeysOf(keys.certificate) });
  credentials.replace({ chain, keys: keys.certificate });
  const second = phase1(phase0, credentials, clock);
  if (!second.ok) throw unusableCertificate(founderId, second.reason);
  storeChain(directory, chain);
  return { ...second.next, credentials };
}

function unusableCertificate(by: NodeId, reason: string): NodeError {
  return new NodeError(
    { code: 'node/refused', by, reason, next: "check this machine's clock, then start again" },
    `This node has no certificate that holds: ${reason}`,
  );
}

type Phase1WithCell = Phase1 & { readonly credentials: ReplaceableCell<Credentials> };

/** A fresh certificate for a node that runs; stored only if it would carry the node through phase 1. */
async function renew(
  directory: DataDirectory,
  phase: Phase1,
  {
    founder,
    peers,
    clock,
  }: { readonly founder: Founder | undefined; readonly peers: Peers; readonly clock: Clock },
) {
  const { nodeId, keys, config, pinnedRoot } = phase;
  const founderId = config.founder ?? nodeId;
  const chain =
    founder === undefined
      ? chainIn(
          await requestOf(
            await peers.sessionWith(founderId),
            renewRequest,
            await renewalAsk(keys, pinnedRoot),
          ),
          founderId,
        )
      : await founder.certify({ nodeId, publicKeys: publicKeysOf(keys.certificate) });
  const fresh = createReplaceable<Credentials>({ chain, keys: keys.certificate });
  const verdict = phase1({ ...phase, phase: 0 }, fresh, clock);
  if (!verdict.ok) throw unusableCertificate(founderId, verdict.reason);
  storeChain(directory, chain);
  return chain;
}

/** Listens where the node listened before, so that others find it again; elsewhere if that place is taken. */
async function listen(
  phase: Phase1,
  book: AddressBook,
  {
    founder,
    carriers,
    clock,
    log,
    metrics,
  }: {
    readonly founder: Founder | undefined;
    readonly carriers: readonly Carrier[];
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
  },
): Promise<StoqNode> {
  const { nodeId, config, credentials, pinnedRoot } = phase;
  const auth = certificateAuthenticator({
    credentials,
    pinnedRoot,
    admitEnrolling: founder !== undefined,
    clock,
    metrics,
  });
  const onEvent = (event: StoqEvent) => log.debug(`stoq.${event.type}`, { ...event });
  const start = (address: string) =>
    createStoq({ auth, carriers, listen: [address, relayListen], clock, onEvent, metrics });
  const before = book.addressOf(nodeId);
  if (before === undefined || !config.listen.endsWith(':0')) return start(config.listen);
  try {
    return await start(before);
  } catch (error) {
    log.warn('node.address-taken', { address: before, message: String(error) });
    return start(config.listen);
  }
}
