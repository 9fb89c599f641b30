import { MOST_AMOUNT } from '@hypermesh/caesar';
import { chargeOf, type LeaseTerms } from '../run/lease.ts';

/** Fuel that a price is for. */
export const priceUnit = 1_000_000n;

/** What a lease may cost at most; undefined where no account could hold it. */
export function escrowOf(terms: Pick<LeaseTerms, 'fuel' | 'price'>): bigint | undefined {
  const escrow = chargeOf(terms, terms.fuel);
  return escrow <= MOST_AMOUNT ? escrow : undefined;
}
