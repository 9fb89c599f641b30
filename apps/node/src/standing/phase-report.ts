import type { NodeId } from '@hypermesh/core';
import type { Lack } from './intake.ts';

/** How far one phase of a node's start is: reached by evidence, or what is missing and what to do. */
export interface PhaseStatus {
  readonly phase: 0 | 1 | 2;
  readonly name: string;
  readonly isReached: boolean;
  /** What shows it. */
  readonly evidence: readonly string[];
  readonly missing?: string;
  readonly next?: string;
}

/** What a node can do that something prevents now. `held`: it goes on by itself once the evidence is there. */
export interface HoldStatus {
  readonly capability: Capability;
  readonly state: 'held' | 'refused';
  readonly why: string;
  /** Since when this node knows of it, ISO 8601. */
  readonly since: string;
  readonly next: string;
}

/** What may be held, by what people call it. */
export type Capability =
  | 'sessions'
  | 'renewal'
  | 'ledger'
  | 'voting'
  | 'publishing'
  | 'clock'
  | 'new-work'
  | 'services';

/** What a node knows of itself when it is asked how far it is. Times are Unix milliseconds. */
export interface StandingFacts {
  readonly nowMs: number;
  readonly nodeId: NodeId;
  readonly pinnedRoot: string;
  readonly isFounder: boolean;
  readonly founder: { readonly node: NodeId; readonly name?: string; readonly isConnected: boolean };
  /** Why the certificate at hand does not hold; undefined where it does. `asked` is how asking for another ended. */
  readonly certificate: {
    readonly problem?: string;
    readonly asked?: string;
    readonly fromMs?: number;
    readonly untilMs?: number;
  };
  readonly isPresent: boolean;
  readonly genesis: { readonly chain?: string; readonly members?: number; readonly problem?: string };
  readonly ledger?: LedgerFacts;
  /** Why the services are not there though the genesis is. */
  readonly services?: { readonly problem: string; readonly next: string; readonly isRetried: boolean };
  /** Set where a restored backup may be older than what this validator signed. */
  readonly restored?: { readonly why: string; readonly next: string };
  /** The newest final block against this machine's clock when it came, milliseconds; positive: this clock is behind. */
  readonly clockBehindMs?: number;
  readonly lack?: Lack;
  /** Why the log of the mesh takes nothing, where it lies here. */
  readonly logProblem?: string;
}

/** The part of the facts that the ledger tells. */
export interface LedgerFacts {
  readonly height: number;
  readonly lastBlockMs: number;
  readonly validators: number;
  readonly quorum: number;
  /** Validators with a session, this one among them where it is one. */
  readonly connected: number;
  readonly missing: readonly string[];
  readonly mutedUntilView: number | undefined;
}

/** A clock may differ by so much from blocks and certificates before it is held to be wrong, milliseconds. */
const clockToleranceMs = 60_000;

const iso = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`);

/** Each phase with its evidence, from what a node knows. */
export function describePhases(facts: StandingFacts): readonly PhaseStatus[] {
  return [
    {
      phase: 0,
      name: 'identity',
      isReached: true,
      evidence: [`keys of ${facts.nodeId}`, `one root is believed: ${facts.pinnedRoot}`],
    },
    certificatePhase(facts),
    ledgerPhase(facts),
  ];
}

function certificatePhase(facts: StandingFacts): PhaseStatus {
  const { certificate, isPresent } = facts;
  const base = { phase: 1, name: 'certificate' } as const;
  if (isPresent) {
    const until = certificate.untilMs === undefined ? '' : ` until ${iso(certificate.untilMs)}`;
    return {
      ...base,
      isReached: true,
      evidence: [`a chain below the pinned root that names this node${until}`],
    };
  }
  return {
    ...base,
    isReached: false,
    evidence: [],
    missing: `a certificate that holds: ${certificate.problem ?? 'none was looked at yet'}`,
    next: certificateRemedy(facts),
  };
}

function certificateRemedy({ certificate, founder, isFounder, ...facts }: StandingFacts): string {
  if (isClockBefore(facts.nowMs, certificate.fromMs))
    return `set this machine's clock: it says ${iso(facts.nowMs)}`;
  if (isFounder) return "check this machine's clock and the files in certificates/";
  const name = founder.name ?? founder.node;
  const asked = certificate.asked === undefined ? '' : ` (asked: ${certificate.asked})`;
  return `it is asked for again until ${name} answers${asked}: see that it runs and can be reached, and that this machine's clock is right`;
}

function ledgerPhase(facts: StandingFacts): PhaseStatus {
  const { genesis, founder, isFounder, ledger } = facts;
  const base = { phase: 2, name: 'ledger' } as const;
  if (genesis.problem !== undefined) {
    const next = 'ask the owner of the founding node, or join again with a new invitation';
    return { ...base, isReached: false, evidence: [], missing: genesis.problem, next };
  }
  if (genesis.chain === undefined) {
    return {
      ...base,
      isReached: false,
      evidence: [],
      missing: facts.isPresent ? 'a genesis that lists this node' : 'phase 1',
      next: isFounder
        ? 'have the other members join: hypermesh invite shows the invitations that are left'
        : `it comes from ${founder.name ?? founder.node} once all founding members have joined`,
    };
  }
  const evidence = [`genesis of ${genesis.chain} lists this node among ${genesis.members} members`];
  if (ledger !== undefined) evidence.push(`block ${ledger.height} is final here`);
  return { ...base, isReached: true, evidence };
}

function isClockBefore(nowMs: number, fromMs: number | undefined): boolean {
  return fromMs !== undefined && nowMs < fromMs - clockToleranceMs;
}

type Found = Omit<HoldStatus, 'since'>;

/** What is held or refused, and why, from what a node knows. Nothing of it changes the phase that was reached. */
export function findHolds(facts: StandingFacts): readonly Found[] {
  const { certificate, founder, isFounder, services, restored, lack, logProblem } = facts;
  const holds: Found[] = [];
  const hold = (capability: Capability, state: Found['state'], why: string, next: string): void => {
    holds.push({ capability, state, why, next });
  };
  const founderName = founder.name ?? founder.node;
  const isGone = facts.isPresent && !isFounder && !founder.isConnected;
  if (certificate.problem !== undefined) {
    hold(
      'sessions',
      'refused',
      `no certificate that holds: ${certificate.problem}`,
      certificateRemedy(facts),
    );
  }
  if (isGone) {
    const until =
      certificate.untilMs === undefined ? '' : `; this one holds until ${iso(certificate.untilMs)}`;
    hold(
      'renewal',
      'held',
      `${founderName}, which certifies, has no session with this node${until}`,
      `see that ${founderName} runs and can be reached`,
    );
  }
  const clock = clockProblem(facts);
  if (clock !== undefined)
    hold('clock', 'refused', clock, "set this machine's clock (timedatectl set-ntp true)");
  const { ledger } = facts;
  if (ledger !== undefined && ledger.connected < ledger.quorum) {
    hold(
      'ledger',
      'held',
      `${ledger.connected} of ${ledger.validators} validators are connected, ${ledger.quorum} are needed`,
      `see that these run and can be reached: ${ledger.missing.join(', ')}`,
    );
  }
  if (services !== undefined) {
    hold('services', services.isRetried ? 'held' : 'refused', services.problem, services.next);
  }
  if (restored !== undefined) hold('voting', 'held', restored.why, restored.next);
  else if (ledger?.mutedUntilView !== undefined) {
    hold(
      'voting',
      'held',
      `the vote log was lost: nothing is signed up to view ${ledger.mutedUntilView}`,
      'it goes on by itself when the other validators have finalized a block beyond that view',
    );
  }
  if (logProblem !== undefined) {
    hold(
      'publishing',
      'refused',
      logProblem,
      'restore a backup that was made after the node had stopped for good',
    );
  } else if (isGone) {
    hold(
      'publishing',
      'refused',
      `the log of the mesh cannot be reached: ${founderName} keeps it`,
      `see that ${founderName} runs and can be reached, then publish again`,
    );
  }
  if (lack !== undefined) hold('new-work', 'refused', lack.reason, lack.next);
  return holds;
}

function clockProblem({ nowMs, certificate, ledger, clockBehindMs }: StandingFacts): string | undefined {
  if (isClockBefore(nowMs, certificate.fromMs))
    return `this machine's clock says ${iso(nowMs)}, but its certificate was made ${iso(certificate.fromMs ?? 0)}`;
  if (isClockBefore(nowMs, ledger?.lastBlockMs))
    return `this machine's clock says ${iso(nowMs)}, but a quorum agreed on a block of ${iso(ledger?.lastBlockMs ?? 0)}`;
  if (clockBehindMs === undefined || Math.abs(clockBehindMs) <= clockToleranceMs) return undefined;
  const seconds = Math.round(Math.abs(clockBehindMs) / 1000);
  return `this machine's clock is ${seconds} s ${clockBehindMs > 0 ? 'behind' : 'ahead of'} the blocks of the mesh`;
}

/** Remembers since when each hold stands. */
export interface Holds {
  /** The holds of now, each with its beginning; what went and came is told once. */
  update(found: readonly Found[], nowMs: number): readonly HoldStatus[];
}

/** Makes the memory of holds; `changed` hears of each that came or went. */
export function createHolds(changed: (hold: HoldStatus, isOver: boolean) => void): Holds {
  let standing = new Map<string, HoldStatus>();
  return {
    update(found, nowMs) {
      const next = new Map<string, HoldStatus>();
      for (const hold of found) {
        const before = standing.get(hold.capability);
        const status = { ...hold, since: before?.since ?? iso(nowMs) };
        next.set(hold.capability, status);
        if (before === undefined) changed(status, false);
      }
      for (const [capability, hold] of standing) if (!next.has(capability)) changed(hold, true);
      standing = next;
      return [...next.values()];
    },
  };
}
