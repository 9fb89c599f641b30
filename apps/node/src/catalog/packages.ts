import type { PackageOnNode } from '@hypermesh/catalog';
import type { ContentRoot, NodeId } from '@hypermesh/core';
import type { Tell } from '../movement.ts';

/** A published version as the index has it. */
export interface PublishedPackage {
  /** `NAME@VERSION`, its key on the ledger. */
  readonly key: string;
  /** CID of the package record. */
  readonly digest: string;
  /** Content root of the package record's bytes: what a lease names as its document. */
  readonly document: ContentRoot;
  readonly content: ContentRoot;
  readonly type: string;
  readonly bytes: number;
  readonly publisher: NodeId;
}

/** The part of the catalog that runs need: which package is meant, pinned to what, and its files. */
export interface Packages {
  /** The newest version on the ledger that `NAME[@RANGE]` allows. Rejects with `catalog/not-found`. */
  resolve(spec: string, signal?: AbortSignal): Promise<PublishedPackage>;
  /** Exact versions of everything that a package depends on, by name: what a lease is pinned to. */
  lockOf(key: string, signal?: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /**
   * Brings a package and its dependencies here if they are not, and verifies them whole; `locked` pins the dependencies. Rejects
   * with CatalogError where any check fails.
   */
  obtain(
    key: string,
    options: {
      readonly locked?: Readonly<Record<string, string>>;
      readonly tell?: Tell;
      readonly signal?: AbortSignal;
    },
  ): Promise<PackageOnNode>;
}
