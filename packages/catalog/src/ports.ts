import type { Clock, ContentRoot, NodeId, Verdict } from '@hypermesh/core';
import type { AssetPackage, PackageType } from './document/package.ts';
import type { PackageRecord } from './document/record.ts';
import type { Requirements } from './document/requirements.ts';
import type { NodeReason } from './errors.ts';
import type { SourceFolder } from './pack/folder.ts';

/** What most calls of ports take: aborting rejects with the signal's reason or `catalog/cancelled`. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** How far a fetch is. Bytes; `moved` came over the network, `reused` were here before. */
export interface FetchProgress {
  readonly total: number;
  readonly moved: number;
  readonly reused: number;
  readonly peers: number;
}

/** What a fetch came to. `rejectedChunks` counts chunks that were not what their name says and came from elsewhere then. */
export interface Fetched {
  readonly size: number;
  readonly moved: number;
  readonly reused: number;
  readonly peers: readonly FetchedFrom[];
  readonly rejectedChunks: number;
}

/** A provider and what came from it; `over` says in words how the bytes travelled. */
export interface FetchedFrom {
  readonly node: string;
  readonly bytes: number;
  readonly over: string;
}

/**
 * Bytes by content root, chunked and verified. Calls are independent and may overlap. `put` is durable when it resolves
 * and gives the same root for the same bytes. `get` reads what is here, each chunk verified, and throws
 * `catalog/content-missing` or `catalog/content-corrupt`. `fetch` brings a root here from whoever holds it, resumes what
 * an earlier call left, moves nothing that is here, and refuses more than `maxBytes`. `replicate` resolves with the other
 * nodes that hold the root on their disks once they are at least `copies`, `prefer` asked first, and rejects with `catalog/too-few-copies`.
 */
export interface Content {
  put(
    source: AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): Promise<{ readonly root: ContentRoot; readonly size: number }>;
  get(
    root: ContentRoot,
    options?: CallOptions & { readonly offset?: number; readonly length?: number },
  ): AsyncIterable<Uint8Array>;
  fetch(
    root: ContentRoot,
    options: CallOptions & {
      readonly maxBytes: number;
      readonly from?: readonly NodeId[];
      /** Hashes what is here too, and fetches anew what is damaged. */
      readonly recheck?: boolean;
      readonly onProgress?: (progress: FetchProgress) => void;
    },
  ): Promise<Fetched>;
  replicate(
    root: ContentRoot,
    options: CallOptions & { readonly copies: number; readonly prefer?: readonly NodeId[] },
  ): Promise<readonly NodeId[]>;
}

/** An operation that is final: its id, the block, and what it took. */
export interface Ordered {
  readonly operation: string;
  readonly height: number;
  readonly provingMs: number;
  readonly finalityMs: number;
}

/** One entry of the index as it was ordered. `publisher` is who wrote it by the index's own account. */
export interface IndexEntry {
  /** `NAME@VERSION`. */
  readonly key: string;
  readonly publisher: NodeId;
  readonly height: number;
  /** A signed index record. Nothing of it is believed before it is checked. */
  readonly record: Uint8Array;
}

/** What an index is asked to write. `proof` is what a caller brought as proof of the operation; without, the index makes it. */
export interface IndexWrite extends CallOptions {
  readonly key: string;
  readonly value: IndexValue;
  readonly proof?: unknown;
}

/** Canonical values only: what the operation is about. */
export type IndexValue = Readonly<Record<string, string | Uint8Array | readonly string[]>>;

/**
 * Ordered, finalized index records: an entry is written once and stays, and everybody reads the same order. `publish` and
 * `install` resolve when the operation is final; they reject with `catalog/version-exists`, `catalog/name-taken` or
 * `catalog/proof-refused`, and then nothing was written. `entries` gives those of one name, or all, by key.
 */
export interface Index {
  publish(write: IndexWrite): Promise<Ordered>;
  install(write: IndexWrite): Promise<Ordered>;
  get(key: string): Promise<IndexEntry | undefined>;
  entries(name?: string): AsyncIterable<IndexEntry>;
}

/** Who put a signature under an artifact, and how: SHA-256 of the public key, hex. */
export interface ArtifactSigner {
  readonly suite: string;
  readonly key: string;
}

/** A signed, logged artifact: everything that an offline check needs. */
export interface SignedArtifact {
  readonly bundle: Uint8Array;
  readonly signers: readonly ArtifactSigner[];
  readonly logIndex: number;
}

/**
 * Signs in this node's name and checks what others signed. `sign` has the artifact logged; `endorse` is a bare Ed25519
 * signature by the key of `self`, 64 bytes. `verify` never throws for any bytes: it checks signatures, the publisher's
 * chain and the log proof, and names the publisher.
 */
export interface Artifacts {
  readonly self: { readonly node: NodeId; readonly publicKey: Uint8Array };
  sign(bytes: Uint8Array, options?: CallOptions): Promise<SignedArtifact>;
  endorse(message: Uint8Array): Promise<Uint8Array>;
  verify(
    bundle: Uint8Array,
    bytes: Uint8Array,
  ): Promise<Verdict<{ readonly publisher: NodeId; readonly signers: readonly ArtifactSigner[] }>>;
}

/** An asset that an installed package brings. */
export interface InstalledAsset {
  readonly name: string;
  readonly version: string;
  readonly type: PackageType;
  readonly kind: 'library' | 'vm' | 'container' | 'dataset';
  readonly digest: string;
  readonly content: ContentRoot;
  readonly bytes: number;
  /** Name of the handler that validated it. */
  readonly handler: string;
}

/** An asset as its registry knows it. */
export interface RegisteredAsset {
  readonly id: string;
  readonly state: string;
}

/** Where installed assets are entered. `register` is idempotent: the same asset, the same id. */
export interface AssetRegistry {
  register(asset: InstalledAsset, options?: CallOptions): Promise<RegisteredAsset>;
  get(id: string): Promise<RegisteredAsset | undefined>;
  release(id: string, options?: CallOptions): Promise<void>;
}

/** What a source found: the document of the package and its files. */
export interface OpenedSource {
  readonly package: AssetPackage;
  readonly folder: SourceFolder;
  /** Lets go of what the source holds, such as a temporary folder. */
  close?(): Promise<void>;
}

/**
 * Where packages come from that are to be published. `takes` says whether a spec is its own; `open` reads it, and
 * rejects with `catalog/bad-document` or `catalog/bad-package`. It runs nothing of what it reads.
 */
export interface PackageSource {
  takes(spec: string): boolean;
  open(spec: string, options?: CallOptions): Promise<OpenedSource>;
}

/** What is to be executed: a package that is on the index, and what its document asks for. Plain data. */
export interface ExecutionRequest {
  readonly key: string;
  readonly digest: string;
  readonly record: ContentRoot;
  readonly type: PackageType;
  readonly requirements: Requirements;
  /** Versions of what it depends on, by name: every node that executes takes exactly these. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** What the caller adds: input, limits, a wished node. Read by the adapter only. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A node and whether it can execute a request; `reasons` is empty where it can. Better ones come first. */
export interface Candidate {
  readonly node: string;
  readonly reasons: readonly NodeReason[];
}

/** Where an execution stands. `lost`: the node died or went away with it. */
export interface ExecutionStatus {
  readonly state: 'submitted' | 'running' | 'done' | 'failed' | 'lost' | 'cancelled';
  readonly node: string;
  readonly detail: string;
}

/** What an execution came to: plain data of the adapter's making, `receipt` what confirms it. */
export interface ExecutionResult {
  readonly node: string;
  readonly exit: string;
  readonly output?: Uint8Array;
  readonly receipt?: Uint8Array;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * Who executes packages: other nodes, after the four proofs. `submit` rejects with `catalog/node-unavailable` where the
 * node does not answer. `status` gives what is so and every change, and ends after `done`, `failed`, `lost` or
 * `cancelled`. `result` is there after `done` and `failed`. `cancel` is idempotent.
 */
export interface ExecutionPort {
  candidates(request: ExecutionRequest, options?: CallOptions): Promise<readonly Candidate[]>;
  submit(node: string, request: ExecutionRequest, options?: CallOptions): Promise<{ readonly id: string }>;
  status(id: string, options?: CallOptions): AsyncIterable<ExecutionStatus>;
  result(id: string, options?: CallOptions): Promise<ExecutionResult>;
  cancel(id: string): Promise<void>;
}

/** What outlives this process: small values, each written whole or not at all. `keys` is in the order of the keys. */
export interface State {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  keys(prefix: string): Promise<readonly string[]>;
}

/** Immutable trees of files by record digest. `install` builds a tree elsewhere and renames it: it is whole or absent. */
export interface Trees {
  install(
    digest: string,
    record: PackageRecord,
    stream: AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): Promise<Verdict<{ readonly path: string; readonly isNew: boolean }>>;
  path(digest: string): Promise<string | undefined>;
  read(digest: string, record: PackageRecord): AsyncIterable<Uint8Array>;
  remove(digest: string): Promise<void>;
}

/** What a catalog works with. Without `execution` nothing can be run; without `sources` only opened sources are published. */
export interface CatalogPorts {
  readonly content: Content;
  readonly index: Index;
  readonly artifacts: Artifacts;
  readonly assets: AssetRegistry;
  readonly trees: Trees;
  readonly state: State;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly sources?: readonly PackageSource[];
  readonly execution?: ExecutionPort;
}
