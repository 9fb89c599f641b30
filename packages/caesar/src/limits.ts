/** Largest amount, and largest sum of all that was ever minted: base units. */
export const MOST_AMOUNT: bigint = 2n ** 64n - 1n;
/** Basis points of the whole. */
export const BASIS_POINTS = 10_000n;

const NAME = /^[\x21-\x7e]{1,128}$/;

/** The account of the issuer, which is short of what was minted, and of a hold, which has what was put aside. */
export const ISSUER = 'issuer';
const HOLD = 'hold:';

/** The account that a hold's amount stands on. */
export const holdAccount = (hold: string): string => `${HOLD}${hold}`;

/** Whether text names an account of a holder: 1 to 128 printable ASCII characters, none of the ledger's own accounts. */
export function isAccount(text: unknown): text is string {
  return isId(text) && text !== ISSUER && !text.startsWith(HOLD);
}

/** Whether text can be an id of a request or a lease: 1 to 128 printable ASCII characters. */
export function isId(text: unknown): text is string {
  return typeof text === 'string' && NAME.test(text);
}

/** Whether a value is an amount from `least` on. */
export function isAmount(value: unknown, least: bigint): value is bigint {
  return typeof value === 'bigint' && value >= least && value <= MOST_AMOUNT;
}

/** Whether a number is a time: whole milliseconds of the Unix epoch. */
export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** `amount x numerator / denominator`, rounded up. */
export function shareUp(amount: bigint, numerator: bigint, denominator: bigint): bigint {
  return (amount * numerator + denominator - 1n) / denominator;
}
