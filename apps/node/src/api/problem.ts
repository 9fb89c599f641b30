import { NodeError, type NodeFailure } from '../errors.ts';

/** Why the API itself refuses a request, before anything of the node is asked. */
export type ApiFailure =
  /** No token, or none that this node gave. */
  | { readonly code: 'node/unauthorized'; readonly next: string }
  /** The read-only token may not do this. */
  | { readonly code: 'node/read-only'; readonly next: string }
  /** The request came by a name, or from a page, that is not this node's. */
  | { readonly code: 'node/foreign-site'; readonly what: string; readonly next: string }
  | { readonly code: 'node/no-route'; readonly path: string; readonly next: string }
  | { readonly code: 'node/no-method'; readonly allow: readonly string[]; readonly next: string }
  | { readonly code: 'node/too-large'; readonly maxBytes: number; readonly next: string }
  | { readonly code: 'node/media-type'; readonly next: string }
  | { readonly code: 'node/too-many-requests'; readonly retryAfterMs: number; readonly next: string }
  | { readonly code: 'node/busy'; readonly next: string }
  /** A defect: what a handler answers is not what the table says. Looked for in tests. */
  | {
      readonly code: 'node/answer-differs';
      readonly route: string;
      readonly path: string;
      readonly next: string;
    };

/** Statuses by code; a failure with another code could not be done as things are: 409. */
const statuses: Readonly<Record<string, number>> = {
  'node/bad-flag': 400,
  'node/bad-call': 400,
  'node/unauthorized': 401,
  'node/read-only': 403,
  'node/foreign-site': 403,
  'node/extension-denied': 403,
  'node/not-found': 404,
  'node/no-route': 404,
  'node/no-method': 405,
  'node/operation-refused': 409,
  'node/refused': 409,
  'node/wrong-phase': 409,
  'node/too-large': 413,
  'node/media-type': 415,
  'node/bad-package': 422,
  'node/too-many-requests': 429,
  'node/rate-limited': 429,
  'node/cancelled': 499,
  'node/internal': 500,
  'node/answer-differs': 500,
  'node/memory-fault': 502,
  'node/unreachable': 502,
  'node/extension-failed': 502,
  'node/too-few-copies': 503,
  'node/busy': 503,
  'node/no-room': 503,
};
const couldNotBeDone = 409;
const internal = 500;

/** What is answered for an error: its status, and `{ error }` with code, message, what to do, and the rest of the failure. */
export interface Problem {
  readonly status: number;
  readonly error: { readonly code: string; readonly message: string; readonly [field: string]: unknown };
}

/** The problem that an error is. One without a failure is a defect of the node, and says its message alone. */
export function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  const failure = error instanceof Error && 'failure' in error ? (error.failure as NodeFailure) : undefined;
  if (failure === undefined || typeof failure !== 'object' || failure === null) {
    const next = 'the log of the node may say more: see that first';
    return { status: internal, error: { code: 'node/internal', message, next } };
  }
  return { status: statuses[failure.code] ?? couldNotBeDone, error: { ...failure, message } };
}

/** An error of the API itself. */
export const refuseCall = (failure: ApiFailure, message: string): NodeError =>
  new NodeError(failure, message);
