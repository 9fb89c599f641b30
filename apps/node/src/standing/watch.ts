import type { Clock, Log, NodeId } from '@hypermesh/core';
import { isEnrolling } from '../adapters/authenticator.ts';
import type { Certification } from '../certification.ts';
import type { NodeConfig } from '../config.ts';
import type { OwnedGrowth } from '../growth.ts';
import { memberNodes } from '../ledger/service.ts';
import type { Phase0 } from '../phases.ts';
import type { Presence } from '../presence.ts';
import type { MeshServices } from '../services.ts';
import type { Intake } from './intake.ts';
import {
  createHolds,
  describePhases,
  findHolds,
  type HoldStatus,
  type LedgerFacts,
  type PhaseStatus,
  type StandingFacts,
} from './phase-report.ts';

/** How far a node is, and what is held. */
export interface Standing {
  readonly phases: readonly PhaseStatus[];
  readonly holds: readonly HoldStatus[];
}

/** What is looked at. */
export interface StandingParts {
  readonly phase0: Phase0;
  readonly config: NodeConfig;
  readonly isFounder: boolean;
  readonly certification: Certification;
  readonly intake: Intake;
  presence(): Presence | undefined;
  growth(): OwnedGrowth | undefined;
  /** Why the mesh's log that lies here takes nothing. */
  logProblem(): string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between two looks by itself, so that what is held is told when it begins; asking looks at once. */
const lookMs = 2_000;

/** Looks at how far a node is, when it is asked and now and then; `changed` hears of each hold that came or went. */
export function watchStanding(
  parts: StandingParts,
  changed: (hold: HoldStatus, isOver: boolean) => void = () => undefined,
): Disposable & { now(): Standing } {
  const { clock, log } = parts;
  const holds = createHolds((hold, isOver) => {
    const { capability, state, why } = hold;
    if (isOver) log.info('node.released', { capability });
    else log.warn('node.held', { capability, state, why });
    changed(hold, isOver);
  });
  const now = (): Standing => {
    const facts = gather(parts);
    return { phases: describePhases(facts), holds: holds.update(findHolds(facts), facts.nowMs) };
  };
  let cancel: () => void = () => undefined;
  const plan = () => {
    cancel = clock.schedule(lookMs, () => {
      try {
        now();
      } catch (error) {
        // A folder that is gone, or a disk that answers nothing: a look at it must not end the node.
        log.warn('node.not-looked-at', { message: String(error) });
      }
      plan();
    });
  };
  plan();
  return { now, [Symbol.dispose]: () => cancel() };
}

function gather(parts: StandingParts): StandingFacts {
  const { phase0, config, isFounder, certification, clock } = parts;
  const presence = parts.presence();
  const growth = parts.growth();
  const reached = growth?.phase();
  const services = growth?.current();
  const [leaf] = certification.credentials.current().chain;
  const founderId = config.founder ?? phase0.nodeId;
  const founderName = reached === undefined ? undefined : memberNodes(reached.genesis).get(founderId)?.name;
  const certificateProblem = certification.problem();
  const asked = certification.lastAsked();
  const clockBehindMs = growth?.clockBehindMs();
  const lack = parts.intake.lack();
  const logProblem = parts.logProblem();
  const problem = growth?.problem();
  const away = growth?.away();
  const ledger =
    services === undefined
      ? undefined
      : ledgerFacts(services, presence, phase0.nodeId, growth?.lastBlockMs() ?? 0);
  return {
    nowMs: clock.nowMs(),
    nodeId: phase0.nodeId,
    pinnedRoot: phase0.pinnedRoot,
    isFounder,
    founder: {
      node: founderId,
      isConnected: presence !== undefined && isConnected(presence, founderId),
      ...(founderName === undefined ? {} : { name: founderName }),
    },
    certificate: {
      ...(certificateProblem === undefined ? {} : { problem: certificateProblem }),
      ...(asked === undefined ? {} : { asked }),
      ...(leaf === undefined ? {} : { fromMs: leaf.notBeforeMs, untilMs: leaf.notAfterMs }),
    },
    isPresent: presence !== undefined,
    genesis: {
      ...(reached === undefined ? {} : { chain: reached.chainId, members: reached.genesis.members.length }),
      ...(problem === undefined || reached !== undefined ? {} : { problem }),
    },
    ...(ledger === undefined ? {} : { ledger }),
    ...servicesProblem(reached !== undefined, problem, away),
    ...(ledger?.mutedUntilView === Number.MAX_SAFE_INTEGER ? { restored: restoredWords(ledger) } : {}),
    ...(clockBehindMs === undefined ? {} : { clockBehindMs }),
    ...(lack === undefined ? {} : { lack }),
    ...(logProblem === undefined ? {} : { logProblem }),
  };
}

function servicesProblem(
  isReached: boolean,
  problem: string | undefined,
  away: string | undefined,
): Pick<StandingFacts, 'services'> {
  if (!isReached) return {};
  if (problem !== undefined) {
    return { services: { problem, next: 'see the log of the node, then start it again', isRetried: false } };
  }
  if (away === undefined) return {};
  const next =
    'free space on the file system of the data directory: it goes on by itself once that takes writes';
  return { services: { problem: away, next, isRetried: true } };
}

function restoredWords({ validators, quorum }: LedgerFacts): { readonly why: string; readonly next: string } {
  return {
    why: 'this validator was restored from a backup that may be older than what it signed',
    next: `it votes again by itself once ${quorum} of the other ${validators - 1} validators have finalized an operation of it`,
  };
}

function isConnected({ stoq }: Presence, node: NodeId): boolean {
  return stoq.peers.some((peer) => peer.id === node && !isEnrolling(peer.identity));
}

function ledgerFacts(
  { ledger, members }: MeshServices,
  presence: Presence | undefined,
  self: NodeId,
  lastBlockMs: number,
): LedgerFacts {
  const { height, validators, quorum, mutedUntilView } = ledger.validator.status();
  const missing = ledger.validators.filter(
    (node) => node !== self && (presence === undefined || !isConnected(presence, node)),
  );
  return {
    height,
    lastBlockMs,
    validators,
    quorum,
    connected: validators - missing.length,
    missing: missing.map((node) => members.get(node)?.name ?? node),
    mutedUntilView,
  };
}
