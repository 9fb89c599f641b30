/** Why a call to a capability was refused. */
export type DenialReason =
  | 'not-granted'
  | 'not-declared'
  | 'revoked'
  | 'unknown-capability'
  | 'no-such-method'
  | 'proof-required'
  | 'not-running';
