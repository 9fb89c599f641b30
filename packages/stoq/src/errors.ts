import { HyperMeshError } from '@hypermesh/core';

/** Why this end ended a handshake. Stable public API. */
export type HandshakeReason =
  | 'bad-frame'
  | 'bad-version'
  | 'bad-share'
  | 'bad-auth'
  | 'bad-mac'
  | 'decrypt-failed'
  | 'early-data'
  | 'no-common-suite'
  | 'pq-required'
  | 'timeout'
  | 'truncated'
  | 'unauthenticated'
  | 'unexpected-peer';

/** Why the other end says that it refuses the session. It is the peer's word, not proven before authentication. */
export type RefusalReason = HandshakeReason | 'too-many-connections' | 'too-many-handshakes' | 'closing';

/** Why a sealed record was not accepted; the stream that carried it is reset. */
export type RecordReason = 'bad-length' | 'decrypt-failed' | 'truncated' | 'stream-replayed' | 'after-end';

/** Everything that STOQ throws, told apart by `code`. */
export type StoqFailure =
  | { readonly code: 'stoq/bad-argument'; readonly argument: string; readonly expected: string }
  | { readonly code: 'stoq/bad-address'; readonly address: string; readonly expected: string }
  | { readonly code: 'stoq/ipv4-disabled'; readonly address: string }
  | { readonly code: 'stoq/carrier-unavailable'; readonly carrier: string; readonly detail: string }
  | { readonly code: 'stoq/unreachable'; readonly address: string; readonly detail: string }
  | { readonly code: 'stoq/handshake-timeout'; readonly address: string; readonly afterMs: number }
  | {
      readonly code: 'stoq/handshake-failed';
      readonly address: string;
      readonly reason: HandshakeReason;
      readonly detail?: string;
    }
  | { readonly code: 'stoq/refused'; readonly address: string; readonly reason: RefusalReason | 'unknown' }
  | { readonly code: 'stoq/record'; readonly reason: RecordReason }
  | { readonly code: 'stoq/stream-refused'; readonly name: string; readonly reason: StreamRefusal }
  | { readonly code: 'stoq/stream-reset' }
  | { readonly code: 'stoq/too-large'; readonly what: string; readonly limit: number }
  | { readonly code: 'stoq/protocol'; readonly detail: string }
  | { readonly code: 'stoq/closed'; readonly what: 'node' | 'peer' | 'stream' | 'store' }
  | { readonly code: 'stoq/cancelled' }
  | { readonly code: 'stoq/content-missing'; readonly id: string }
  | { readonly code: 'stoq/content-corrupt'; readonly id: string }
  | { readonly code: 'stoq/content-too-large'; readonly limit: number };

/** Why the other end did not take a named stream. */
export type StreamRefusal = 'unknown-name' | 'busy' | 'bad-header';

/** The error of this package; branch on `code`, read details from `failure`. */
export class StoqError extends HyperMeshError<StoqFailure> {
  override readonly name = 'StoqError';

  constructor(failure: StoqFailure, message?: string, options?: ErrorOptions) {
    super(failure, message ?? describe(failure), options);
  }
}

function describe(failure: StoqFailure): string {
  const { code, ...data } = failure;
  const details = Object.entries(data).map(([key, value]) => `${key} ${String(value)}`);
  return details.length === 0 ? code : `${code}: ${details.join(', ')}`;
}

/** `error` as a StoqError: itself, or wrapped as a reset stream, the only thing a carrier's own error can mean. */
export function asStreamError(error: unknown): StoqError {
  return error instanceof StoqError
    ? error
    : new StoqError({ code: 'stoq/stream-reset' }, undefined, { cause: error });
}
