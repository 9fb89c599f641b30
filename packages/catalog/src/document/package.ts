/** The kinds of package: six that the first design names, and JavaScript libraries. */
export const PACKAGE_TYPES = [
  'library.julia',
  'library.python',
  'library.rust',
  'library.javascript',
  'container.docker',
  'vm.wasm',
  'dataset.scientific',
] as const;

/** One of `PACKAGE_TYPES`. */
export type PackageType = (typeof PACKAGE_TYPES)[number];

/** What a package wants of the node that runs it. All integers; what is absent is not asked for. */
export interface Resources {
  /** Thousandths of a core. */
  readonly cpuMillicores?: number;
  readonly cpuArchitecture?: string;
  readonly memoryBytes?: number;
  readonly storageBytes?: number;
  readonly networkBitsPerSecond?: number;
  readonly gpuMemoryBytes?: number;
  readonly gpuType?: string;
}

/** How a package is run. */
export interface Execution {
  readonly cpuRequired: boolean;
  readonly gpuRequired: boolean;
  readonly persistentStorage: boolean;
  readonly distributed: boolean;
  readonly minNodes: number;
  readonly maxNodes: number;
  readonly timeoutMs?: number;
  readonly fuel?: number;
  readonly network: 'none' | 'restricted';
  /** Globs of the files that are results. */
  readonly outputs: readonly string[];
}

/** What a package asks for in safety. A `false` never weakens what a node demands. */
export interface Security {
  readonly trustchainValidation: boolean;
  readonly hypermeshConsensus: boolean;
  readonly resourceIsolation: boolean;
}

/** What a package needs another one for. */
export const DEPENDENCY_KINDS = ['runtime', 'data', 'build'] as const;

/** A package that this one needs. */
export interface Dependency {
  readonly name: string;
  /** In npm's grammar. */
  readonly range: string;
  readonly kind: (typeof DEPENDENCY_KINDS)[number];
  readonly optional: boolean;
}

/** Which files make the package, and what starts it. */
export interface PackageContent {
  /** The folder of the files, relative to the document. */
  readonly root: string;
  /** Globs; `!` in front leaves out. */
  readonly files: readonly string[];
  readonly entrypoint?: string;
  readonly args: readonly string[];
}

/** A package document, read and checked, quantities as integers of base units. Plain data. */
export interface AssetPackage {
  readonly apiVersion: 'catalog.v1';
  readonly kind: 'AssetPackage';
  readonly metadata: {
    readonly name: string;
    readonly version: string;
    readonly tags: readonly string[];
    readonly license?: string;
    readonly authors: readonly string[];
    readonly homepage?: string;
  };
  readonly spec: {
    readonly description: string;
    readonly type: PackageType;
    readonly content?: PackageContent;
    readonly resources: Resources;
    readonly execution: Execution;
    readonly security: Security;
    readonly dependencies: readonly Dependency[];
  };
}
