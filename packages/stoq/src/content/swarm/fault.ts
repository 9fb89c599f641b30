import { hasCode } from '@hypermesh/core';
import type { StoqError } from '../../errors.ts';
import type { NoReason } from '../frames.ts';

/** Why content did not come. Stable public API. */
export type FetchReason =
  | NoReason
  | 'bad-root'
  | 'bad-manifest'
  | 'bad-chunk'
  | 'banned'
  | 'too-large'
  | 'bad-range'
  | 'no-provider'
  | 'not-served'
  | 'stalled'
  | 'cancelled'
  | 'closed'
  | 'protocol';

/** What a provider did wrong, or why nobody may go on. */
export class FetchFault extends Error {
  readonly reason: FetchReason;
  readonly index: number | undefined;

  constructor(reason: FetchReason, index?: number) {
    super(reason);
    this.reason = reason;
    this.index = index;
  }

  /** Whether the provider sent what is wrong, and not merely nothing. */
  get isLie(): boolean {
    return ['bad-manifest', 'bad-chunk', 'protocol'].includes(this.reason);
  }
}

/** What a failure of a provider's session or stream means for a fetch. */
export function faultOf(error: StoqError): FetchFault {
  if (hasCode(error, 'stoq/protocol')) return new FetchFault('protocol');
  if (error.failure.code === 'stoq/stream-refused') return new FetchFault('not-served');
  return new FetchFault(error.failure.code === 'stoq/cancelled' ? 'cancelled' : 'closed');
}
