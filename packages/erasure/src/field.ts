// GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1 (0x11d), in which x generates all 255 nonzero elements.
const POLYNOMIAL = 0x11d;

const exponents = new Uint8Array(510);
const logarithms = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  exponents[power] = value;
  exponents[power + 255] = value;
  logarithms[value] = power;
  value <<= 1;
  if (value > 255) value ^= POLYNOMIAL;
}

/** Product of two field elements. */
export function multiply(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  return exponents[(logarithms[a] as number) + (logarithms[b] as number)] as number;
}

/** Inverse of a nonzero field element. */
export function inverse(a: number): number {
  return exponents[255 - (logarithms[a] as number)] as number;
}
