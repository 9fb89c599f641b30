import { HyperMeshError } from '@hypermesh/core';

/** Why one node cannot run a package: one entry a reason, each with what would change it. Plain data. */
export interface NodeReason {
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
}

/** Everything that this package throws, told apart by `code`; `next` says what a person can do about it. Plain data. */
export type CatalogFailure =
  | { readonly code: 'catalog/bad-argument'; readonly argument: string; readonly expected: string }
  | { readonly code: 'catalog/files'; readonly path: string; readonly reason: string }
  | { readonly code: 'catalog/cancelled' }
  | {
      readonly code: 'catalog/bad-document';
      readonly problems: readonly DocumentFault[];
      readonly next: string;
    }
  | { readonly code: 'catalog/bad-package'; readonly reason: string; readonly next: string }
  | { readonly code: 'catalog/not-found'; readonly what: string; readonly next: string }
  | {
      readonly code: 'catalog/conflict';
      readonly explanation: string;
      readonly steps: readonly string[];
      readonly next: string;
    }
  | { readonly code: 'catalog/version-exists'; readonly package: string; readonly next: string }
  | { readonly code: 'catalog/name-taken'; readonly package: string; readonly next: string }
  | {
      readonly code: 'catalog/proof-refused';
      readonly leg: string;
      readonly reason: string;
      readonly next: string;
    }
  /** A check of a package failed: nothing of it is used. */
  | {
      readonly code: 'catalog/refused';
      readonly package: string;
      readonly check: CheckName;
      readonly reason: string;
      readonly next: string;
    }
  | {
      readonly code: 'catalog/rolled-back';
      readonly publisher: string;
      readonly seen: number;
      readonly offered: number;
      readonly next: string;
    }
  | { readonly code: 'catalog/content-missing'; readonly root: string; readonly next: string }
  | { readonly code: 'catalog/content-corrupt'; readonly root: string; readonly next: string }
  | {
      readonly code: 'catalog/too-few-copies';
      readonly wanted: number;
      readonly holders: readonly string[];
      readonly next: string;
    }
  | { readonly code: 'catalog/lock-changed'; readonly changes: readonly string[]; readonly next: string }
  | { readonly code: 'catalog/bad-lock'; readonly problems: readonly DocumentFault[]; readonly next: string }
  | { readonly code: 'catalog/not-installed'; readonly package: string; readonly next: string }
  | {
      readonly code: 'catalog/in-use';
      readonly package: string;
      readonly by: readonly string[];
      readonly next: string;
    }
  | {
      readonly code: 'catalog/no-such-file';
      readonly package: string;
      readonly path: string;
      readonly next: string;
    }
  | { readonly code: 'catalog/unknown-source'; readonly spec: string; readonly next: string }
  | {
      readonly code: 'catalog/no-candidate';
      readonly package: string;
      readonly nodes: readonly { readonly node: string; readonly reasons: readonly NodeReason[] }[];
      readonly next: string;
    }
  | { readonly code: 'catalog/node-unavailable'; readonly node: string; readonly reason: string }
  | {
      readonly code: 'catalog/run-failed';
      readonly package: string;
      readonly attempts: readonly { readonly node: string; readonly reason: string }[];
      readonly next: string;
    };

/** A fault in a document that a person wrote: where it is and what is wrong. Lines and columns count from 1. */
export interface DocumentFault {
  readonly code: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** What is looked at before a package is believed, in this order. */
export type CheckName =
  | 'index-record'
  | 'owner'
  | 'sequence'
  | 'content'
  | 'record'
  | 'signature'
  | 'signers'
  | 'tree'
  | 'asset';

/** The error of this package; branch on `code`, read details from `failure`. */
export class CatalogError extends HyperMeshError<CatalogFailure> {
  override readonly name = 'CatalogError';
}
