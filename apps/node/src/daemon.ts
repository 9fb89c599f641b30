import type { Clock, Log, NodeId } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { openDiskStore, type Served } from '@hypermesh/stoq/content';
import { fingerprint } from '@hypermesh/trustchain/x509';
import { unlessAborted } from './abort.ts';
import type { ApiConfig } from './api/config.ts';
import { serveApi } from './api/index.ts';
import type { RouteEntry } from './api/methods/method.ts';
import { type CertifiedPhase, createCertification } from './certification.ts';
import { readConfig } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { lockDirectory } from './directory-lock.ts';
import { NodeError } from './errors.ts';
import { createEvents } from './events/hub.ts';
import { openFounder } from './founder.ts';
import { type Growth, grow, type OwnedGrowth } from './growth.ts';
import { loadNodeKeys, nodeIdOfKeys, readChain, readPassphrase } from './identity.ts';
import { openMachine } from './inventory/machine.ts';
import { openAddressBook } from './mesh/addresses.ts';
import { formatInvitation } from './mesh/invitation.ts';
import { migrate } from './migration.ts';
import type { LogLevel } from './monitor/logs/line.ts';
import { openNodeLog } from './monitor/logs/node-log.ts';
import { lookAtMesh } from './monitor/mesh-look.ts';
import { createMetrics } from './monitor/metrics/registry.ts';
import { openMonitor } from './monitor/monitor.ts';
import { metricTable } from './monitor/table/index.ts';
import type { Phase0 } from './phases.ts';
import { openPresence, type Presence } from './presence.ts';
import { logCrashes } from './standing/crash-log.ts';
import { createIntake, measureResources } from './standing/intake.ts';
import { watchStanding } from './standing/watch.ts';
import { describeNode } from './status-of.ts';

/** A running node. Disposing of it stops everything it started, at once. */
export interface Daemon extends AsyncDisposable {
  readonly name: string;
  readonly nodeId: NodeId;
  /** Where it listens; empty as long as it has no certificate and listens nowhere. */
  readonly address: string;
  /** Where the API answers beside the socket of the owner; undefined where that is off. */
  readonly apiUrl: string | undefined;
  /** Why it is still in phase 0, in words; undefined beyond it. */
  readonly waitsFor: string | undefined;
  /** Lines that let further machines join; none on a node that founded nothing. */
  invitations(): readonly string[];
  /**
   * Stops in order: takes nothing new on, lets runs that are under way end for as long as the configuration gives them,
   * then settles, flushes and closes everything.
   */
  stop(): Promise<void>;
  /** Time within which `stop` is over, if the disk takes writes. */
  readonly stopsWithinMs: number;
}

/** What closing may take beyond the grace for runs, milliseconds. */
const closingMs = 20_000;

/** What a daemon may be told. */
export interface DaemonOptions {
  readonly log: Log;
  /** The least level that is kept on disk; `info` unless told otherwise. */
  readonly logLevel?: LogLevel;
  readonly passphraseFile?: string;
  readonly clock?: Clock;
  /** How the API is reached, instead of what the configuration says. */
  readonly api?: (configured: ApiConfig) => ApiConfig;
  /** Gives up the opening; a daemon that is open goes on until it is disposed of. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the node of a data directory. Resolves when it can be asked: with a certificate at hand it serves, without one
 * it is in phase 0, asks for one, and `status` tells what is missing; the ledger follows as soon as there is a genesis.
 * Throws NodeError where the directory holds no node, another process has it, or a file of it cannot be used.
 */
export async function openDaemon(directory: DataDirectory, options: DaemonOptions): Promise<Daemon> {
  const { passphraseFile, clock = systemClock, signal } = options;
  await using cleanup = new AsyncDisposableStack();
  const configured = readConfig(directory);
  const config = { ...configured, api: options.api?.(configured.api) ?? configured.api };
  cleanup.use(lockDirectory(directory));
  const metrics = createMetrics(metricTable);
  const kept = { beside: options.log, least: options.logLevel ?? 'info', bounds: config.log } as const;
  const log = cleanup.use(openNodeLog(directory.logs, { ...kept, clock, metrics }));
  cleanup.use(logCrashes(log));
  await migrate(directory, log);
  const passphrase = readPassphrase(directory, passphraseFile);
  const keys = await loadNodeKeys(directory, passphrase);
  const nodeId = nodeIdOfKeys(keys);
  const phase0: Phase0 = { phase: 0, nodeId, keys, config, pinnedRoot: pinnedRootOf(directory) };
  const founder = await openFounder(directory, passphrase, clock, metrics);
  if (founder !== undefined) cleanup.use(founder);
  const book = cleanup.use(openAddressBook(directory, log));
  const store = cleanup.use(await openDiskStore(directory.content, { metrics }));
  const certification = createCertification(directory, phase0, { founder, book, clock, log });
  const intake = createIntake(config.limits, () => measureResources(directory.path));
  const atHand = await certification.atHand();
  signal?.throwIfAborted();

  const stopping = new AbortController();
  const events = createEvents({ clock });
  // Beside the start, not before it: a node serves while it is measured.
  const machine = openMachine(directory, keys, { clock, log, signal: stopping.signal });
  const measured = machine.catch((error: unknown) => {
    if (!stopping.signal.aborted) log.error('inventory.not-measured', { message: String(error) });
    return undefined;
  });
  let presence: Presence | undefined;
  let growth: OwnedGrowth | undefined;
  const present = Promise.withResolvers<OwnedGrowth>();
  present.promise.catch(() => undefined);

  const monitor = cleanup.use(openMonitor(directory, { metrics, log, clock, events }));
  const looks = cleanup.use(
    lookAtMesh(metrics, {
      credentials: certification.credentials,
      services: () => growth?.current(),
      ...{ nodeId, clock },
    }),
  );

  async function appear(phase: CertifiedPhase): Promise<void> {
    const onServe = (served: Served) => growth?.current()?.facts.transfers.served(served);
    presence = await openPresence(directory, phase, { founder, book, store, onServe, clock, log, metrics });
    const { stoq, peers } = presence;
    looks.watch(stoq);
    growth = grow(directory, phase, {
      ...{ stoq, peers, store, founder, book, machine: measured, intake, events, clock, log, metrics },
      signal: stopping.signal,
    });
    present.resolve(growth);
    log.info('node.phase', { phase: 1, address: presence.address });
  }

  const appearing = atHand === undefined ? certification.asked(stopping.signal).then(appear) : appear(atHand);
  cleanup.defer(async () => {
    stopping.abort(new Error('the node stops'));
    await appearing.catch(() => undefined);
    await growth?.settled();
    await measured;
    await presence?.[Symbol.asyncDispose]();
  });
  if (atHand !== undefined) await appearing;
  appearing.catch((error: unknown) => {
    present.reject(error);
    if (!stopping.signal.aborted) log.error('node.not-present', { message: String(error) });
  });

  const growing: Growth = {
    current: () => growth?.current(),
    problem: () => growth?.problem(),
    reached: async (until) => (await unlessAborted(present.promise, until)).reached(until),
  };
  const standing = cleanup.use(
    watchStanding(
      {
        ...{ phase0, config, isFounder: founder !== undefined, certification, intake, clock, log },
        presence: () => presence,
        growth: () => growth,
        logProblem: () => founder?.logProblem(),
      },
      (hold, isOver) => events.publish('status', { hold, isOver }),
    ),
  );
  const startedMs = clock.monotonicMs();
  const invitations = () =>
    presence === undefined
      ? []
      : (founder?.invitations(nodeId, presence.stoq.addresses) ?? []).map(formatInvitation);
  const status = () =>
    describeNode({
      phase0,
      credentials: certification.credentials,
      presence,
      hasGenesis: growth?.phase() !== undefined,
      book,
      services: growth?.current(),
      problem: growth?.problem(),
      standing: standing.now(),
      alerts: monitor.alerts.current(),
      uptimeMs: clock.monotonicMs() - startedMs,
    });
  const dynamicRoutes = () => growth?.current()?.extensions.routes() ?? noRoutes;
  const doors = cleanup.use(
    await serveApi(
      {
        ...{ directory, config, nodeId, growth: growing, intake, events, machine, monitor },
        ...{ status, invitations, dynamicRoutes },
      },
      { clock, log, metrics },
    ),
  );
  log.info('node.up', { name: config.name, nodeId, phase: presence === undefined ? 0 : 1 });
  const owned = cleanup.move();
  return {
    name: config.name,
    nodeId,
    apiUrl: doors.url,
    get address() {
      return presence?.address ?? '';
    },
    get waitsFor() {
      return standing.now().phases.find(({ phase, isReached }) => phase === 1 && !isReached)?.missing;
    },
    invitations,
    stopsWithinMs: config.limits.stopGraceMs + closingMs,
    async stop() {
      const { stopGraceMs } = config.limits;
      const late = new AbortController();
      const cancel = clock.schedule(stopGraceMs, () => late.abort());
      log.info('node.stopping', { running: intake.running, graceMs: stopGraceMs });
      await intake.drain(late.signal);
      cancel();
      if (intake.running > 0) log.warn('node.stopped-running', { running: intake.running });
      await owned.disposeAsync();
      log.info('node.stopped');
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const noRoutes: readonly RouteEntry[] = [];

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
