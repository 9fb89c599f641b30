import { HyperMeshError } from '@hypermesh/core';

/** What a node said: its own failure as it sent it, with the HTTP status. Codes are those of the node's packages. */
export interface NodeSaid {
  readonly code: `${string}/${string}`;
  readonly status: number;
  /** What a person can do about it. */
  readonly next?: string;
  readonly [field: string]: unknown;
}

/** Why a call did not come to its answer. */
export type ClientFailure =
  /** Nothing answers at the address, or the connection ended before the answer did. */
  | { readonly code: 'client/unreachable'; readonly url: string; readonly next: string }
  /** What answers does not speak this API. */
  | { readonly code: 'client/bad-answer'; readonly reason: string; readonly next: string }
  /** A parameter of the path is missing or cannot stand there; nothing was sent. */
  | { readonly code: 'client/bad-input'; readonly parameter: string; readonly next: string }
  | NodeSaid;

/** The error of this package, and of every call that a node refused; branch on `code`. `failure.next` says what to do. */
export class ClientError extends HyperMeshError<ClientFailure> {
  override readonly name = 'ClientError';
}
