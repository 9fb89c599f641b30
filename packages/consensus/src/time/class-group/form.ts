import { gcdWithCofactor, modulo, partialEuclid, squareRoot } from './euclid.ts';

/** The binary quadratic form aX² + bXY + cY², positive definite and primitive. */
export interface Form {
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
}

/** The class group of a negative discriminant, minus a prime that is 7 mod 8. */
export interface ClassGroup {
  readonly discriminant: bigint;
  /** |discriminant|^(1/4): where composition stops Euclid's algorithm, so that results are almost reduced. */
  readonly bound: bigint;
}

/** The group of a discriminant, which the caller knows to be sound. */
export function classGroupOf(discriminant: bigint): ClassGroup {
  return { discriminant, bound: squareRoot(squareRoot(-discriminant)) };
}

/** The form of the discriminant with these a and b; undefined where there is none. */
export function formOf({ discriminant }: ClassGroup, a: bigint, b: bigint): Form | undefined {
  const numerator = b * b - discriminant;
  if (a < 1n || numerator % (4n * a) !== 0n) return undefined;
  return { a, b, c: numerator / (4n * a) };
}

/** The principal form: composing with it changes nothing. */
export function identityOf({ discriminant }: ClassGroup): Form {
  return { a: 1n, b: 1n, c: (1n - discriminant) / 4n };
}

/** Whether -a < b ≤ a ≤ c, and b ≥ 0 where a = c: one form of each class is so. */
export function isReduced({ a, b, c }: Form): boolean {
  return -a < b && b <= a && (a < c || (a === c && b >= 0n));
}

/** The form that composes with this one to the identity, reduced. */
export function inverse({ a, b, c }: Form): Form {
  return reduce({ a, b: -b, c });
}

/** Whether two forms are the same; reduced ones are equal exactly when their classes are. */
export function isEqual(one: Form, other: Form): boolean {
  return one.a === other.a && one.b === other.b && one.c === other.c;
}

/** The reduced form of the class. */
export function reduce(form: Form): Form {
  let { a, b, c } = form;
  for (;;) {
    if (b > a || b <= -a) {
      const rest = modulo(b, 2n * a);
      const next = rest > a ? rest - 2n * a : rest;
      c -= ((b - next) / (2n * a)) * ((b + next) / 2n);
      b = next;
    }
    if (a < c || (a === c && b >= 0n)) return { a, b, c };
    [a, b, c] = [c, -b, a];
  }
}

/**
 * Composition by NUCOMP (Shanks; Jacobson and van der Poorten, "Computational aspects of NUCOMP"), reduced.
 *
 * With A = a1/g the composite is (A·a2/g, b2 + 2k·a2/g, …). Its values at (X, Y) are rN + YM for r = AX + kY,
 * N = (r·a2/g - Ym)/A, M = (rs + Yg·c2)/A, s and m half the sum and the difference of b1 and b2. Two neighbours
 * (r, Y) of Euclid's algorithm on (A, k), taken where r is about |D|^(1/4), are a basis on which the coefficients are
 * small; the large composite is never made.
 */
export function compose({ bound }: ClassGroup, one: Form, other: Form): Form {
  const [f, g] = one.a > other.a ? [other, one] : [one, other];
  const s = (f.b + g.b) >> 1n;
  const m = (f.b - g.b) >> 1n;
  const first = gcdWithCofactor(f.a, g.a);
  let divisor = first.gcd;
  let k = first.cofactor * m;
  let [a1, a2, c2] = [f.a, g.a, g.c];
  if (divisor !== 1n) {
    const second = gcdWithCofactor(divisor, s);
    k = k * ((second.gcd - second.cofactor * s) / divisor) - second.cofactor * c2;
    divisor = second.gcd;
    if (divisor !== 1n) {
      a1 /= divisor;
      a2 /= divisor;
      c2 *= divisor;
    }
  }
  const { r1, r2, co1, co2 } = partialEuclid(a1, modulo(k, a1), bound);
  const n1 = (a2 * r1 - m * co1) / a1;
  const m1 = (s * r1 + c2 * co1) / a1;
  const n2 = (a2 * r2 - m * co2) / a1;
  const m2 = (s * r2 + c2 * co2) / a1;
  return reduce({
    a: r1 * n1 + co1 * m1,
    b: oriented(2n * (r2 * n1 + co2 * m1), f.b, co1),
    c: r2 * n2 + co2 * m2,
  });
}

/** Composition of a form with itself by NUDUPL: {@link compose} where N is r and m is 0. */
export function square({ bound }: ClassGroup, { a, b, c }: Form): Form {
  const { gcd, cofactor } = gcdWithCofactor(a, b);
  const a1 = gcd === 1n ? a : a / gcd;
  const c1 = gcd === 1n ? c : c * gcd;
  const { r1, r2, co1, co2 } = partialEuclid(a1, modulo(-cofactor * c, a1), bound);
  const m1 = (b * r1 + c1 * co1) / a1;
  const m2 = (b * r2 + c1 * co2) / a1;
  return reduce({
    a: r1 * r1 + co1 * m1,
    b: oriented(2n * (r2 * r1 + co2 * m1), b, co1),
    c: r2 * r2 + co2 * m2,
  });
}

/**
 * The middle coefficient on a basis of Euclid's algorithm. Its determinant is the sign of r1·co2 - r2·co1, which is
 * that of -co1; where it is -1 the basis is turned round.
 */
function oriented(twice: bigint, b: bigint, co1: bigint): bigint {
  return co1 < 0n ? twice - b : -(twice + b);
}
