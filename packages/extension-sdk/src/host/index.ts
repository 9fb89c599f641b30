export type { AuditFault, AuditHead, AuditRecord } from '../audit/chain.ts';
export { verifyAudit } from '../audit/chain.ts';
export type { AuditEntry, AuditLog } from '../audit/entry.ts';
export { type AuditSigner, type FileAudit, openAuditLog, verifyAuditFolder } from '../audit/file.ts';
export { type MemoryAudit, memoryAudit } from '../audit/log.ts';
export type { DenialReason } from '../broker/denial.ts';
export type { ExtensionPolicy, PackageIdentity } from '../broker/policy.ts';
export type { CapabilityFactory, ConsensusPort, Grant, ProofQuestion } from '../broker/ports.ts';
export {
  defaultQuotas,
  type Enforcement,
  FUEL_PER_CORE_SECOND,
  type Limits,
  type QuotaMeter,
  type QuotaReport,
} from '../broker/quotas.ts';
export type { RateLimit } from '../broker/rate.ts';
export { type Capability, capabilityNames } from '../capabilities.ts';
export { ExtensionError, type ExtensionFailure, type GuestEnd } from '../errors.ts';
export { type CheckpointReason, type CounterStore, memoryCounters } from '../state/checkpoint.ts';
export { createExtensionHost, type ExtensionHost } from './host.ts';
export { type LifecycleEvent, type LifecycleState, transition, transitions } from './lifecycle.ts';
export type {
  ExtensionEvent,
  ExtensionHostOptions,
  ExtensionInfo,
  ExtensionPackage,
  ExtensionRequest,
  ExtensionResponse,
  LoadOutcome,
  LoadRefusalCode,
  OperationInfo,
} from './ports.ts';
export { type DependencyRefusal, type LoadOrder, resolveOrder } from './resolve.ts';
export type { Denial, Denials } from './tally.ts';
