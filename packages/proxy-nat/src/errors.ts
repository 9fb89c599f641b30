import { HyperMeshError } from '@hypermesh/core';
import type { Fault } from './faults.ts';

/** Why a call could not be served. */
export type ProxyNatFailure =
  /** Misuse: `name` is the argument. */
  | { readonly code: 'proxy-nat/bad-argument'; readonly name: string }
  /** No room for a region of this size, or for one more region. */
  | { readonly code: 'proxy-nat/full'; readonly sizeBytes: number }
  /**
   * An access failed. `isApplied` tells what is known of its effect: `no` (the home refused it), `yes` (it took effect
   * before the home refused a repetition), or `unknown` (it was sent, and no sure answer came). `mapping`, hex, is the new mapping record where the fault is `Moved`.
   */
  | {
      readonly code: 'proxy-nat/fault';
      readonly fault: Fault;
      readonly isApplied: IsApplied;
      readonly mapping?: string;
    }
  | { readonly code: 'proxy-nat/cancelled' }
  | { readonly code: 'proxy-nat/closed' }
  /** A channel cannot be opened, or a frame is larger than channels carry. */
  | { readonly code: 'proxy-nat/channel'; readonly reason: string };

/** What is known of the effect of an access that failed. */
export type IsApplied = 'no' | 'yes' | 'unknown';

/** The error of this package; branch on `code`, and on `failure.fault` for faults. */
export class ProxyNatError extends HyperMeshError<ProxyNatFailure> {
  override readonly name = 'ProxyNatError';
}

/** The error of a fault. */
export function faultError(fault: Fault, isApplied: IsApplied, mapping?: string): ProxyNatError {
  const more = mapping === undefined ? {} : { mapping };
  return new ProxyNatError({ code: 'proxy-nat/fault', fault, isApplied, ...more }, `remote memory: ${fault}`);
}

/** The fault that an error carries, whichever copy of this package made it; undefined for any other error. */
export function faultIn(error: unknown): Fault | undefined {
  if (!(error instanceof Error) || !('failure' in error)) return undefined;
  const failure = error.failure as ProxyNatFailure;
  return failure.code === 'proxy-nat/fault' ? failure.fault : undefined;
}
