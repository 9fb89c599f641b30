import type { NodeId } from '@hypermesh/core';
import type { ContentStatus } from './content/service.ts';
import type { Alert } from './monitor/alerts/alerts.ts';
import type { HoldStatus, PhaseStatus } from './standing/phase-report.ts';

/** One member of the mesh as this node sees it. */
export interface MemberStatus {
  readonly name: string;
  readonly nodeId: NodeId;
  readonly self: boolean;
  readonly connected: boolean;
  readonly address?: string;
  readonly carrier?: string;
  readonly kem?: string;
  readonly signature?: string;
}

/** How far the ledger is. */
export interface LedgerStatus {
  readonly chain: string;
  readonly height: number;
  readonly view: number;
  readonly validators: number;
  readonly quorum: number;
  readonly faultsTolerated: number;
  readonly lastFinalityMs?: number;
  readonly profile: string;
  readonly profileMeaning: string;
}

/** One extension on this node's disk. */
export interface ExtensionStatus {
  readonly id: string;
  readonly version?: string;
  readonly state: 'active' | 'suspended' | 'inactive' | 'refused';
  readonly reason?: string;
}

/** What `status` answers; sizes in bytes, times in milliseconds or ISO 8601. */
export interface NodeStatus {
  readonly name: string;
  readonly nodeId: NodeId;
  /** Where it listens; empty as long as it has no certificate. */
  readonly address: string;
  readonly pid: number;
  readonly phase: 0 | 1 | 2;
  readonly phaseMeaning: string;
  /** Each phase: what shows that it is reached, or what is missing and what to do. */
  readonly phases: readonly PhaseStatus[];
  /** What is held or refused now; a phase that was reached stays reached. */
  readonly holds: readonly HoldStatus[];
  /** ISO 8601; empty where there is no certificate. */
  readonly certificateUntil: string;
  readonly residentBytes: number;
  readonly peakResidentBytes: number;
  readonly uptimeMs: number;
  readonly members: readonly MemberStatus[];
  readonly ledger?: LedgerStatus;
  /** What is kept of packages and other content, and whether others can find it. */
  readonly content?: ContentStatus;
  /** Extensions by id; `reason` says why one is not active. */
  readonly extensions: readonly ExtensionStatus[];
  /** Why there is no ledger and will be none before the next start. */
  readonly problem?: string;
  /** Pairs of votes by one validator that contradict each other, seen by this node since it started. */
  readonly secondVotesSeen: number;
  /** Alerts that are pending or fire, worst first. */
  readonly alerts: readonly Alert[];
}

/** What each phase means for people. */
export const phaseMeanings = {
  0: 'keys and a pinned root; no certificate yet',
  1: 'certified; the mesh has no genesis yet',
  2: 'certified, with a ledger',
} as const;

/** What each profile shows, in words that claim no more. */
export const profileMeanings: Readonly<Record<string, string>> = {
  localhost:
    'small plots and short delays: it shows the protocol, not what storage costs; while one owner runs all validators, bearing faults means nothing',
  default: 'for a mesh of different owners',
  production: 'for a mesh of different owners, strictest',
};
