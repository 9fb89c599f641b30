/**
 * Everything that can be wrong with one access to remote memory. The set is closed, the order is that of the codes
 * on the wire, from 1.
 */
export const faults = [
  'Unmapped',
  'Bounds',
  'Protection',
  'StaleGeneration',
  'Expired',
  'Revoked',
  'Quota',
  'Busy',
  'Moved',
  'Integrity',
  'Unreachable',
  'Unsupported',
] as const;

/** One fault by name. */
export type Fault = (typeof faults)[number];

/** What a caller does after a fault. */
export type RetryRule =
  /** Nothing: the same access will fail again. */
  | 'never'
  /** The same request again after a pause; the client does so by itself until its deadline. */
  | 'after-pause'
  /** The same request under the same number over a new channel; the client does so by itself until its deadline. */
  | 'same-request'
  /** Ask the lender for a new grant, then attach with it. */
  | 'new-grant'
  /** Attach at the home that the mapping record names. */
  | 'follow-mapping';

const rules: Readonly<Record<Fault, RetryRule>> = {
  Unmapped: 'never',
  Bounds: 'never',
  Protection: 'never',
  StaleGeneration: 'new-grant',
  Expired: 'new-grant',
  Revoked: 'new-grant',
  Quota: 'new-grant',
  Busy: 'after-pause',
  Moved: 'follow-mapping',
  Integrity: 'never',
  Unreachable: 'same-request',
  Unsupported: 'never',
};

/** The one retry rule of a fault. */
export const retryRule = (fault: Fault): RetryRule => rules[fault];

/** The code of a fault on the wire: 1 to 12; 0 stands for success. */
export const faultCode = (fault: Fault): number => faults.indexOf(fault) + 1;

/** The fault of a code, or undefined where the code is none. */
export const faultOf = (code: number): Fault | undefined => faults[code - 1];
