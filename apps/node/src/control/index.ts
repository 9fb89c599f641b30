export { dashboardLink } from '../api/link.ts';
export type { InstallReport, PublishReport } from '../catalog/reports.ts';
export { type DataDirectory, dataDirectory } from '../data-directory.ts';
export type { GivenGrant, LentRegion } from '../memory/lending.ts';
export type { ExplainOutcome, RunOutcome } from '../run/asking.ts';
export type { RunOnSome } from '../run/on-another.ts';
export type { LedgerStatus, MemberStatus, NodeStatus } from '../status.ts';
export type { Balances, Movement, SettleResult } from '../wallet/service.ts';
export { type ControlClient, connectControl } from './client.ts';
