import type { Certificate } from './certificate.ts';
import { nameText } from './name.ts';

/** Why a chain was refused. Stable public API; `detail` beside it is for people and is never parsed. */
export type ChainReason =
  | 'bad-input'
  | 'malformed'
  | 'unknown-issuer'
  | 'bad-signature'
  | 'unsupported-algorithm'
  | 'weak-key'
  | 'not-yet-valid'
  | 'expired'
  | 'bad-version'
  | 'bad-serial'
  | 'bad-name'
  | 'bad-extension'
  | 'unknown-critical-extension'
  | 'not-a-ca'
  | 'bad-key-usage'
  | 'path-too-long'
  | 'wrong-purpose'
  | 'name-mismatch'
  | 'name-constraints'
  | 'policy'
  | 'revoked'
  | 'bad-crl'
  | 'no-crl'
  | 'pq-absent'
  | 'pq-bad'
  | 'budget-exhausted';

/** A broken rule: which, in words, and at which certificate. */
export interface Problem {
  readonly reason: ChainReason;
  readonly detail: string;
  readonly subject?: string;
}

/** A broken rule, with the name of the certificate that broke it. */
export function problem(reason: ChainReason, detail: string, at?: Certificate): Problem {
  return at === undefined ? { reason, detail } : { reason, detail, subject: nameText(at.subject) };
}
