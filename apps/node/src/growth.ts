import type { Clock, Log } from '@hypermesh/core';
import type { StoqNode } from '@hypermesh/stoq';
import type { DiskStore } from '@hypermesh/stoq/content';
import { unlessAborted } from './abort.ts';
import { remoteLogSource, remoteTransparency } from './adapters/transparency.ts';
import type { DataDirectory } from './data-directory.ts';
import { NodeError } from './errors.ts';
import type { Events } from './events/hub.ts';
import type { Founder } from './founder.ts';
import type { MachineRecord } from './inventory/machine.ts';
import type { AddressBook } from './mesh/addresses.ts';
import { keepGenesis, receiveGenesis } from './mesh/genesis.ts';
import { type Peers, wait } from './mesh/peers.ts';
import type { MetricsRegistry } from './monitor/metrics/registry.ts';
import { type Phase1, type Phase2, phase2 } from './phases.ts';
import { liftRestoredMute } from './restored-votes.ts';
import { type MeshServices, openMeshServices } from './services.ts';
import type { Intake } from './standing/intake.ts';
import { isStorageTrouble, proveStorage } from './standing/storage-evidence.ts';

/** How a node comes from phase 1 to phase 2, which may take until the last member has joined. */
export interface Growth {
  /** The services of phase 2, or undefined where they are not there: before it, or while the disk takes nothing. */
  current(): MeshServices | undefined;
  /** What prevents them for good, in words. */
  problem(): string | undefined;
  /** Resolves with them once they are there; rejects with what prevents it. */
  reached(signal: AbortSignal): Promise<MeshServices>;
}

/** Growth as its owner sees it. */
export interface OwnedGrowth extends Growth {
  /** The phase that was reached, whatever happened to the services since. */
  phase(): Phase2 | undefined;
  /** Why the services are away at the moment though the genesis is there, and come back by themselves. */
  away(): string | undefined;
  /** How much the newest block was ahead of this machine's clock when it came, milliseconds. */
  clockBehindMs(): number | undefined;
  /** Time of the newest block that is final here, Unix milliseconds; 0 before one was seen. */
  lastBlockMs(): number;
  /** Ends what goes on; resolves when the services are closed. Call it after the signal was aborted. */
  settled(): Promise<void>;
}

/** What it is made of. */
export interface GrowthParts {
  readonly stoq: StoqNode;
  readonly peers: Peers;
  readonly store: DiskStore;
  readonly founder: Founder | undefined;
  readonly book: AddressBook;
  readonly machine: Promise<MachineRecord | undefined>;
  readonly events: Events;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly signal: AbortSignal;
}

/** Between two looks at a disk that takes nothing, milliseconds. */
const lookAgainMs = 1_000;

/**
 * Brings a certified node to its ledger and keeps it there: where the disk fails the ledger, what stands on it is closed
 * and opened again from the files once the disk is shown to take writes. Nothing is lost by that: what was acknowledged
 * was durable.
 */
export function grow(directory: DataDirectory, phase: Phase1, parts: GrowthParts): OwnedGrowth {
  const { clock, log, signal } = parts;
  let reachedPhase: Phase2 | undefined;
  let services: MeshServices | undefined;
  let problem: string | undefined;
  let away: string | undefined;
  let behindMs: number | undefined;
  let lastBlockMs = 0;
  let coming = Promise.withResolvers<MeshServices>();
  coming.promise.catch(() => undefined);

  async function findGenesis(): Promise<Phase2> {
    const { founder, peers } = parts;
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
    log.info('node.phase', { phase: 2, chain: found.chainId, members: found.genesis.members.length });
    return advanced.next;
  }

  async function openServices(next: Phase2): Promise<MeshServices> {
    const { founder, peers } = parts;
    const founderId = phase.config.founder ?? phase.nodeId;
    const transparency = founder?.transparency ?? remoteTransparency(peers, founderId);
    const logSource = founder?.transparency ?? remoteLogSource(peers, founderId);
    const more = { transparency, logSource, authority: founder?.signer };
    return await openMeshServices(directory, next, { ...parts, ...more });
  }

  /** Serves until something makes it necessary to open the ledger anew; answers what. */
  async function serve(opened: MeshServices): Promise<string> {
    const ending = new AbortController();
    const until = AbortSignal.any([signal, ending.signal]);
    void watchClock(opened, until);
    try {
      return await unlessAborted(
        Promise.race([
          opened.ledger.failed,
          liftRestoredMute(directory, opened.ledger, { log, signal: until }),
        ]),
        signal,
      );
    } finally {
      ending.abort(new Error('the services are closed'));
    }
  }

  async function watchClock({ ledger }: MeshServices, until: AbortSignal): Promise<void> {
    try {
      const newest = await ledger.validator.header(ledger.validator.status().storedHeight);
      lastBlockMs = Math.max(lastBlockMs, newest?.timeMs ?? 0);
      for await (const { header } of ledger.validator.finalized({ signal: until })) {
        lastBlockMs = header.timeMs;
        const { height, isCatchingUp } = ledger.validator.status();
        if (!isCatchingUp && height === header.height) behindMs = header.timeMs - clock.nowMs();
      }
    } catch (error) {
      if (!until.aborted) log.debug('node.blocks-not-watched', { message: String(error) });
    }
  }

  /** One life of the services: opened, served with, closed. Answers why it is over. */
  async function live(next: Phase2): Promise<string> {
    const opened = await openServices(next);
    try {
      away = undefined;
      services = opened;
      coming.resolve(opened);
      return await serve(opened);
    } finally {
      services = undefined;
      if (!signal.aborted) coming = Promise.withResolvers<MeshServices>();
      coming.promise.catch(() => undefined);
      await closed(opened);
    }
  }

  /** Closing writes too: what the disk does not take then is what it did not acknowledge. */
  async function closed(opened: MeshServices): Promise<void> {
    try {
      await opened[Symbol.asyncDispose]();
    } catch (error) {
      log.warn('node.not-closed-well', { message: String(error) });
    }
  }

  async function run(): Promise<void> {
    const next = await retried(findGenesis);
    reachedPhase = next;
    for (;;) {
      away = await retried(() => live(next));
      log.warn('node.ledger-opens-again', { reason: away });
      await storageTakesWrites();
    }
  }

  /** Does it again for as long as what prevents it is the disk alone. */
  async function retried<Value>(attempt: () => Promise<Value>): Promise<Value> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        if (!isStorageTrouble(error)) throw error;
        away = error instanceof Error ? error.message : String(error);
        log.error('node.storage-trouble', { message: away });
        await storageTakesWrites();
      }
    }
  }

  async function storageTakesWrites(): Promise<void> {
    for (;;) {
      const trouble = proveStorage(directory.path);
      if (trouble === undefined) return;
      away = trouble;
      await wait(clock, lookAgainMs, signal);
      signal.throwIfAborted();
    }
  }

  const running = run().catch((error: unknown) => {
    coming.reject(error);
    if (signal.aborted) return;
    problem = error instanceof Error ? error.message : String(error);
    log.error('node.no-ledger', { message: problem });
  });
  return {
    phase: () => reachedPhase,
    current: () => services,
    problem: () => problem,
    away: () => away,
    clockBehindMs: () => behindMs,
    lastBlockMs: () => lastBlockMs,
    reached: (until) => unlessAborted(coming.promise, until),
    settled: () => running,
  };
}
