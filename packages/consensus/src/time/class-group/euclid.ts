/** Shift counts as bigints: making one anew costs as much as the shift. */
const SHIFTS = Array.from({ length: 1100 }, (_, count) => BigInt(count));
const TOP_BITS = 52;
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
/** Which half of a double holds the exponent depends on the machine's byte order. */
const HIGH = (() => {
  float[0] = 1;
  return words[1] === 0 ? 0 : 1;
})();

/** Bits of a positive integer below 2^1023, or one more. */
function bitsOf(value: bigint): number {
  float[0] = Number(value);
  return ((words[HIGH] as number) >>> 20) - 1022;
}

/** Two neighbours of a remainder sequence, with r ≡ co·b (mod a). */
export interface Remainders {
  /** The last remainder above the bound (a itself if b is not), and its cofactor. */
  readonly r2: bigint;
  readonly co2: bigint;
  /** The first remainder at or below the bound, and its cofactor. */
  readonly r1: bigint;
  readonly co1: bigint;
}

/**
 * Euclid's algorithm on a > b ≥ 0 (below 2^1023) until a remainder is at or below `bound`: exactly the remainders of
 * the plain algorithm, some 25 bits at a time from leading digits (Lehmer). r2·co1 - r1·co2 = ±a.
 */
export function partialEuclid(a: bigint, b: bigint, bound: bigint): Remainders {
  let r2 = a;
  let r1 = b;
  let co2 = 0n;
  let co1 = 1n;
  while (r1 > bound) {
    const excess = bitsOf(r2) - TOP_BITS;
    const isExact = excess <= 0;
    const shift = SHIFTS[isExact ? 0 : excess] as bigint;
    let x = Number(r2 >> shift);
    let y = Number(r1 >> shift);
    const stop = Number(bound >> shift);
    // The remainders so far are u2·r2 + v2·r1 and u1·r2 + v1·r1. What the shift cut off changes them by less than the
    // larger of |u| and |v|, which is |v|; a step is taken only where it is the same for every such change.
    let u2 = 1;
    let v2 = 0;
    let u1 = 0;
    let v1 = 1;
    let steps = 0;
    while (y - (isExact ? 0 : Math.abs(v1)) > stop) {
      const quotient = Math.floor(x / y);
      const rest = x - quotient * y;
      const u = u2 - quotient * u1;
      const v = v2 - quotient * v1;
      if (!isExact) {
        const error = Math.abs(v);
        if (rest < error || y - rest < error + Math.abs(v1)) break;
      }
      x = y;
      y = rest;
      u2 = u1;
      u1 = u;
      v2 = v1;
      v1 = v;
      steps++;
    }
    if (steps === 0) {
      const quotient = r2 / r1;
      [r2, r1] = [r1, r2 - quotient * r1];
      [co2, co1] = [co1, co2 - quotient * co1];
      continue;
    }
    const [p2, q2, p1, q1] = [BigInt(u2), BigInt(v2), BigInt(u1), BigInt(v1)];
    [r2, r1] = [p2 * r2 + q2 * r1, p1 * r2 + q1 * r1];
    [co2, co1] = [p2 * co2 + q2 * co1, p1 * co2 + q1 * co1];
  }
  return { r2, co2, r1, co1 };
}

/** gcd of a ≥ 1 and b, with a cofactor: gcd ≡ cofactor·b (mod a). */
export function gcdWithCofactor(a: bigint, b: bigint): { readonly gcd: bigint; readonly cofactor: bigint } {
  const { r2, co2 } = partialEuclid(a, modulo(b, a), 0n);
  return { gcd: r2, cofactor: co2 };
}

/** The representative of `value` in 0 … modulus-1. */
export function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** The integer square root, rounded down, of value ≥ 0. */
export function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(2 * value.toString(16).length);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
