import { type ClassGroup, compose, type Form, inverse, square } from './form.ts';

const WIDTH = 5;
const WINDOW = 1 << WIDTH;

/** Signed odd digits below 2^(WIDTH-1), the lowest first, with at least WIDTH-1 zeros after each. */
function digitsOf(exponent: bigint): number[] {
  const digits: number[] = [];
  for (let left = exponent; left > 0n; left >>= 1n) {
    let digit = 0;
    if ((left & 1n) === 1n) {
      digit = Number(BigInt.asUintN(WIDTH, left));
      if (digit >= WINDOW / 2) digit -= WINDOW;
      left -= BigInt(digit);
    }
    digits.push(digit);
  }
  return digits;
}

function oddPowers(group: ClassGroup, base: Form): Form[] {
  const twice = square(group, base);
  const powers = [base];
  while (powers.length < WINDOW / 4) powers.push(compose(group, powers.at(-1) as Form, twice));
  return powers;
}

/** The product of the bases, each to its exponent ≥ 1, with one chain of squarings for all. */
export function powerProduct(
  group: ClassGroup,
  factors: readonly (readonly [base: Form, exponent: bigint])[],
): Form {
  const chains = factors.map(([base, exponent]) => ({
    digits: digitsOf(exponent),
    powers: oddPowers(group, base),
  }));
  let result: Form | undefined;
  for (let i = Math.max(...chains.map(({ digits }) => digits.length)) - 1; i >= 0; i--) {
    if (result !== undefined) result = square(group, result);
    for (const { digits, powers } of chains) {
      const digit = digits[i] ?? 0;
      if (digit === 0) continue;
      const power = powers[Math.abs(digit) >> 1] as Form;
      const term = digit < 0 ? inverse(power) : power;
      result = result === undefined ? term : compose(group, result, term);
    }
  }
  return result as Form;
}
