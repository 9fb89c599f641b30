import { chargeOf, MOST_AMOUNT } from '@hypermesh/caesar';

/** Fuel that a price is for. */
export const priceUnit = 1_000_000n;
/** What an asker offers unless told otherwise, base units for `priceUnit` fuel. */
export const defaultPrice = 10n;

/** What so much fuel costs, rounded up. */
export function priceOf(fuel: bigint, price: bigint): bigint {
  return chargeOf(fuel, { price, per: priceUnit });
}

/** What a lease may cost at most; undefined where no account could hold it. */
export function escrowOf({
  fuel,
  price,
}: {
  readonly fuel: bigint;
  readonly price: bigint;
}): bigint | undefined {
  const escrow = priceOf(fuel, price);
  return escrow <= MOST_AMOUNT ? escrow : undefined;
}
