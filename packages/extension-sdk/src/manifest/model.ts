import type { Capability } from '../capabilities.ts';
import type { JsonObject } from '../json.ts';

/** Another extension, or something of the host, that an extension builds on. */
export interface Dependency {
  readonly id: string;
  /** A range of semantic versions, as in npm. */
  readonly range: string;
}

/** Bounds of an extension. Undefined where the manifest says nothing. */
export interface ResourceAmounts {
  /** Hundredths of a percent of one core. */
  readonly cpuBp?: number;
  readonly memoryBytes?: number;
  readonly storageBytes?: number;
  /** Bits per second. */
  readonly networkBps?: number;
}

/** What a manifest tells of an operation, for whoever calls it: words, and JSON Schemas (2020-12) without references. */
export interface OperationNotes {
  readonly summary?: string;
  readonly input?: JsonObject;
  readonly output?: JsonObject;
}

/** How an extension is kept apart: `strict` runs metered, `trusted` in the host's process by a pinned signer. */
export type SandboxPolicy = 'strict' | 'trusted';

/** A manifest of either form, made one. */
export interface Manifest {
  readonly form: 'nested' | 'flat';
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly author?: { readonly name: string; readonly email?: string; readonly url?: string };
  readonly license?: string;
  readonly homepage?: string;
  readonly category?: string;
  readonly runtime: {
    /** `native` is an ES module, `wasm` a core module of hm-abi-1. */
    readonly type: 'native' | 'wasm';
    readonly entryPoint: string;
  };
  readonly dependencies: readonly Dependency[];
  readonly capabilities: {
    readonly required: readonly Capability[];
    readonly optional: readonly Capability[];
  };
  readonly resources: { readonly limits: ResourceAmounts; readonly requests: ResourceAmounts };
  readonly assets: {
    readonly providedTypes: readonly string[];
    readonly handlers: readonly { readonly type: string; readonly handler: string }[];
  };
  /** By the operation's name; every one must be in the module. */
  readonly operations: Readonly<Record<string, OperationNotes>>;
  readonly security: {
    /** Fingerprint of the certificate of whoever signs the package; compared at load. */
    readonly certificateFingerprint: string;
    readonly signatureAlgorithm: string;
    readonly sandboxPolicy: SandboxPolicy;
    readonly networkPolicy: 'none' | 'restricted';
  };
  readonly configuration: { readonly schema?: string; readonly defaults?: string };
}
