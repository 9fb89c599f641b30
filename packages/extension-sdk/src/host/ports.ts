import type { Clock, Log, Metrics } from '@hypermesh/core';
import type { MeteredRunner } from '@hypermesh/metered-wasm';
import type { QuickJs } from '@hypermesh/metered-wasm/quickjs';
import type { AuditLog } from '../audit/entry.ts';
import type { ExtensionPolicy } from '../broker/policy.ts';
import type { CapabilityFactory, ConsensusPort } from '../broker/ports.ts';
import type { QuotaReport } from '../broker/quotas.ts';
import type { Capability } from '../capabilities.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { OperationNotes } from '../manifest/model.ts';
import type { PackageFiles, PackageLimits } from '../package/rules.ts';
import type { SignerIdentity, TrustVerifier } from '../sign/ports.ts';
import type { PackageRefusal } from '../sign/verify.ts';
import type { CounterStore } from '../state/checkpoint.ts';
import type { LifecycleEvent, LifecycleState } from './lifecycle.ts';
import type { DependencyRefusal } from './resolve.ts';
import type { Denials } from './tally.ts';

/** What a host works with. */
export interface ExtensionHostOptions {
  readonly trust: TrustVerifier;
  readonly policy: ExtensionPolicy;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** What stands behind each capability; one that is not here cannot be granted. */
  readonly capabilities?: Readonly<Partial<Record<Capability, CapabilityFactory>>>;
  /** Without it no proof is accepted. */
  readonly consensus?: ConsensusPort;
  /** Versions of what the host itself provides, by the ids that extensions depend on. */
  readonly provides?: Readonly<Record<string, string>>;
  readonly log?: Log;
  /** Counts calls by extension and answer, and what the audit log hears of; by default nobody does. */
  readonly metrics?: Metrics;
  readonly packages?: PackageLimits;
  /** Operator's configuration by extension id, laid over the package's defaults. */
  readonly configuration?: Readonly<Record<string, JsonObject>>;
  /** For exported state: a key of 32 bytes, and where counters are remembered. */
  readonly state?: { readonly key: Uint8Array; readonly counters: CounterStore };
  /** After how long without a call an extension is let go from memory until the next one; never, where it is absent. */
  readonly restAfterMs?: number;
  /** What beginning may take, `onLoad` or the migration of state each; 30 s by default. */
  readonly startDeadlineMs?: number;
  /** Engines of the strict sandbox; own ones are opened when the first extension needs them. */
  readonly engines?: { readonly wasm?: MeteredRunner; readonly quickjs?: QuickJs };
}

/** A package to load: its files in memory. */
export interface ExtensionPackage {
  readonly files: PackageFiles;
  /** Where it came from, for people. */
  readonly origin?: string;
  /**
   * Reads the same files again. Where it is given, an extension that rests keeps none of them in memory, and is asked for
   * them by its next call; other bytes than those that were verified are refused.
   */
  reread?(signal: AbortSignal): Promise<PackageFiles>;
}

/** Why an extension was not loaded. */
export type LoadRefusalCode =
  | PackageRefusal['code']
  | DependencyRefusal['code']
  | 'already-loaded'
  | 'not-loaded'
  | 'not-pinned'
  | 'native-library'
  | 'entry-missing'
  | 'entry-refused'
  | 'id-mismatch'
  | 'capability-refused'
  | 'capability-unavailable'
  | 'undeclared-capability'
  | 'undeclared-asset'
  | 'undeclared-operation'
  | 'method-taken'
  | 'asset-taken'
  | 'bad-configuration'
  | 'state-refused'
  | 'on-load-failed';

/** How loading one package ended. `id` is the origin where the manifest could not be read. */
export type LoadOutcome =
  | { readonly ok: true; readonly id: string; readonly info: ExtensionInfo }
  | {
      readonly ok: false;
      readonly id: string;
      readonly code: LoadRefusalCode;
      readonly detail: string;
      /** The file, or the JSON pointer in the manifest, that it is about. */
      readonly path?: string;
      /** The whole circle, first and last the same, for `dependency-cycle`. */
      readonly cycle?: readonly string[];
    };

/** What a host says of an extension. */
export interface ExtensionInfo {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly state: LifecycleState;
  /** Why it is suspended. */
  readonly reason?: string;
  readonly tier: 'trusted' | 'strict';
  readonly engine: 'host' | 'wasm' | 'quickjs';
  readonly generation: number;
  readonly signer: SignerIdentity;
  readonly asked: { readonly required: readonly Capability[]; readonly optional: readonly Capability[] };
  readonly granted: readonly Capability[];
  readonly methods: readonly string[];
  /** The same with what the manifest tells of them. */
  readonly operations: readonly OperationInfo[];
  readonly assetTypes: readonly string[];
  readonly dependencies: readonly string[];
  readonly quotas: readonly QuotaReport[];
  readonly calls: { readonly running: number; readonly done: number; readonly failed: number };
  readonly denials: Denials;
  /** Out of memory until its next call. */
  readonly isResting: boolean;
  /** False in `trusted`: a module in the host's process is there for good. */
  readonly canRest: boolean;
  readonly loadMs: number;
  /** What its last waking took, reading and checking its files included. */
  readonly wakeMs?: number;
}

/** One operation of an extension. */
export interface OperationInfo extends OperationNotes {
  readonly name: string;
  readonly needs: readonly Capability[];
  readonly proof: boolean;
}

/** A request of a client. `client` is who the host authenticated, never what the client says. */
export interface ExtensionRequest {
  readonly client: string;
  readonly method: string;
  readonly params?: unknown;
  readonly proof?: unknown;
  readonly signal?: AbortSignal;
  /** At most the extension's limit, which is the default. */
  readonly deadlineMs?: number;
  readonly onProgress?: (event: JsonValue) => void;
}

/** What a request is answered: the result, one of the four refusals, or that the extension failed. */
export type ExtensionResponse =
  | { readonly status: 'success'; readonly result: unknown }
  | { readonly status: 'rate_limited'; readonly detail: string; readonly retryAfterMs: number }
  | { readonly status: 'permission_denied'; readonly detail: string }
  | { readonly status: 'invalid_proof'; readonly detail: string }
  | { readonly status: 'method_not_found'; readonly detail: string }
  | { readonly status: 'failed'; readonly code: string; readonly detail: string };

/** One transition of one extension. */
export interface ExtensionEvent {
  readonly extension: string;
  readonly event: LifecycleEvent;
  readonly from: LifecycleState;
  readonly to: LifecycleState;
  readonly reason?: string;
}
