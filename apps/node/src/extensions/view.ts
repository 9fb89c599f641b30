import type {
  Capability,
  Denials,
  ExtensionInfo,
  OperationInfo,
  QuotaReport,
} from '@hypermesh/extension-sdk/host';
import type { Manifest } from '@hypermesh/extension-sdk/manifest';

/** An extension as its operator sees it, in memory or not. */
export interface ExtensionView {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** `inactive`: on disk, and not to be started; `refused`: on disk, and not what may be started. */
  readonly state: 'active' | 'suspended' | 'inactive' | 'refused';
  /** Why it is not active. */
  readonly reason?: string;
  /** Came with the node. */
  readonly isBundled: boolean;
  /** Out of memory until its next call. */
  readonly isResting: boolean;
  readonly canRest: boolean;
  readonly tier: 'trusted' | 'strict' | 'unknown';
  readonly engine: 'host' | 'wasm' | 'quickjs' | 'none';
  readonly generation: number;
  readonly signer: string;
  readonly certificate: string;
  readonly asked: { readonly required: readonly Capability[]; readonly optional: readonly Capability[] };
  readonly granted: readonly Capability[];
  readonly operations: readonly OperationInfo[];
  readonly assetTypes: readonly string[];
  readonly dependencies: readonly string[];
  readonly quotas: readonly QuotaReport[];
  readonly calls: { readonly running: number; readonly done: number; readonly failed: number };
  readonly denials: Denials;
  readonly loadMs: number;
  readonly wakeMs?: number;
}

/** One that is in the host. */
export function viewOf(info: ExtensionInfo, isBundled: boolean): ExtensionView {
  const { state, signer, methods: _, ...rest } = info;
  return {
    ...rest,
    state: state === 'active' ? 'active' : 'suspended',
    isBundled,
    signer: signer.signer,
    certificate: signer.certificateFingerprint,
  };
}

/** One that is on disk alone: what its manifest says, where that could be read. */
export function viewOnDisk(
  id: string,
  parts: {
    readonly state: 'inactive' | 'refused';
    readonly reason: string;
    readonly isBundled: boolean;
    readonly version: string;
    readonly signer: string;
    readonly granted: readonly Capability[];
    readonly manifest: Manifest | undefined;
  },
): ExtensionView {
  const { manifest, granted, ...rest } = parts;
  return {
    id,
    name: manifest?.name ?? id,
    ...rest,
    isResting: false,
    canRest: false,
    tier: manifest?.security.sandboxPolicy ?? 'unknown',
    engine: 'none',
    generation: 0,
    certificate: manifest?.security.certificateFingerprint ?? '',
    asked: manifest?.capabilities ?? { required: [], optional: [] },
    granted,
    operations: [],
    assetTypes: manifest?.assets.providedTypes ?? [],
    dependencies: manifest?.dependencies.map((each) => `${each.id} ${each.range}`) ?? [],
    quotas: [],
    calls: { running: 0, done: 0, failed: 0 },
    denials: { count: 0, newest: [] },
    loadMs: 0,
  };
}

/** What loading a package does, or would do. */
export interface LoadReport {
  readonly id: string;
  readonly version: string;
  /** The version before, where it replaces one. */
  readonly replaces?: string;
  readonly tier: 'trusted' | 'strict';
  readonly signer: string;
  readonly granted: readonly Capability[];
  /** Optional capabilities that it asked for and does not get. */
  readonly withheld: readonly Capability[];
  /** Capabilities that it asks for and the version before did not. */
  readonly asksAnew: readonly Capability[];
  /** In a dry run those that the manifest tells of. */
  readonly operations: readonly string[];
  /** Absent in a dry run. */
  readonly quotas?: readonly QuotaReport[];
  readonly isDryRun: boolean;
  readonly loadMs?: number;
}
