import { utf8 } from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modulo, partialEuclid, squareRoot } from '../src/time/class-group/euclid.ts';
import {
  type ClassGroup,
  classGroupOf,
  compose,
  type Form,
  formOf,
  identityOf,
  inverse,
  isReduced,
  reduce,
  square,
} from '../src/time/class-group/form.ts';
import { powerProduct } from '../src/time/class-group/power.ts';
import { groupOf } from './support/class-group-prover.ts';

/** Euclid's algorithm as it is taught. */
function plainEuclid(a: bigint, b: bigint, bound: bigint) {
  let [r2, r1, co2, co1] = [a, b, 0n, 1n];
  while (r1 > bound) {
    const quotient = r2 / r1;
    [r2, r1, co2, co1] = [r1, r2 % r1, co1, co2 - quotient * co1];
  }
  return { r2, co2, r1, co1 };
}

function bezout(a: bigint, b: bigint): [gcd: bigint, u: bigint, v: bigint] {
  if (b === 0n) return a < 0n ? [-a, -1n, 0n] : [a, 1n, 0n];
  const [gcd, u, v] = bezout(b, a % b);
  return [gcd, v, u - (a / b) * v];
}

/** Gauss's composition, by the formulas of Cohen 5.4.7, from the large composite. */
function composeAsGauss(group: ClassGroup, f: Form, g: Form): Form {
  const s = (f.b + g.b) / 2n;
  const [d, , v] = bezout(f.a, g.a);
  const [e, p, w] = bezout(d, s);
  const a = (f.a * g.a) / (e * e);
  const b = g.b + 2n * (g.a / e) * (p * v * (s - g.b) - w * g.c);
  return reduce(formOf(group, a, modulo(b, 2n * a)) as Form);
}

/** Every reduced form of a small discriminant. */
function allForms(group: ClassGroup): Form[] {
  const forms: Form[] = [];
  for (let a = 1n; 3n * a * a <= -group.discriminant; a++) {
    for (let b = -a + 1n; b <= a; b++) {
      const form = formOf(group, a, b);
      if (form !== undefined && isReduced(form)) forms.push(form);
    }
  }
  return forms;
}

const sizes = [256, 512, 1000, 1024];
const groups = sizes.map((bits) => groupOf(utf8('a seed of a group'), bits));

/** Forms with a small prime for a, and their inverses: bases of everything below. */
const bases = groups.map((group) =>
  [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n, 43n, 47n].flatMap((a) => {
    for (let b = 1n; b <= a; b += 2n) {
      const form = formOf(group, a, b);
      if (form !== undefined) return [form, inverse(form)];
    }
    return [];
  }),
);

/** A group with three of its elements: from tiny to as large as they get. */
const elements = fc.nat(sizes.length - 1).chain((i) => {
  const element = fc
    .tuple(fc.constantFrom(...(bases[i] as Form[])), fc.oneof(fc.bigInt(1n, 9n), fc.bigInt(1n, 2n ** 400n)))
    .map((factor) => powerProduct(groups[i] as ClassGroup, [factor]));
  return fc.tuple(fc.constant(groups[i] as ClassGroup), element, element, element);
});

describe("Euclid's algorithm by leading digits", () => {
  const size = fc.integer({ min: 1, max: 520 }).chain((bits) => fc.bigInt(1n, 2n ** BigInt(bits)));

  test('meets the remainders and cofactors of the plain one, for every bound', () => {
    fc.assert(
      fc.property(size, size, size, (a, b, bound) => {
        for (const stop of [0n, 1n, bound, squareRoot(a)]) {
          expect(partialEuclid(a, b % a, stop)).toEqual(plainEuclid(a, b % a, stop));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('stops at the very remainder that equals the bound, and right before and after it', () => {
    fc.assert(
      fc.property(size, size, (a, b) => {
        let [r2, r1] = [a, b % a];
        while (r1 > 0n) {
          for (const stop of [r1 - 1n, r1, r1 + 1n]) {
            expect(partialEuclid(a, b % a, stop)).toEqual(plainEuclid(a, b % a, stop));
          }
          [r2, r1] = [r1, r2 % r1];
        }
      }),
      { numRuns: 10 },
    );
  });

  test('takes neighbours of Fibonacci, huge quotients and powers of two', () => {
    let [small, large] = [1n, 2n];
    for (let i = 0; i < 700; i++) [small, large] = [large, small + large];
    const pairs = [
      [large, small],
      [large, small + 1n],
      [2n ** 512n, 2n ** 512n - 1n],
      [2n ** 512n - 1n, 2n ** 460n],
      [2n ** 512n, 2n ** 511n],
      [2n ** 512n + 1n, 2n ** 51n],
      [2n ** 512n, 3n],
      [1n, 0n],
      [2n ** 53n, 2n ** 52n + 1n],
    ] as const;
    for (const [a, b] of pairs) {
      for (const stop of [0n, 1n, squareRoot(a)]) {
        expect(partialEuclid(a, b, stop)).toEqual(plainEuclid(a, b, stop));
      }
    }
  });

  test('finds square roots rounded down', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 1024n), (value) => {
        const root = squareRoot(value);
        expect(root * root <= value && (root + 1n) * (root + 1n) > value).toBe(true);
        expect(squareRoot(root * root)).toBe(root);
      }),
    );
  });
});

describe('the class group', () => {
  test.each([
    [23n, 3],
    [31n, 3],
    [47n, 5],
    [71n, 7],
    [79n, 5],
    [103n, 5],
    [167n, 11],
    [191n, 13],
    [199n, 9],
    [10_007n, 77],
  ])('of discriminant -%s has %i classes, and every product is that of Gauss', (prime, classes) => {
    const group = classGroupOf(-prime);
    const forms = allForms(group);
    expect(forms).toHaveLength(classes);
    for (const f of forms) {
      expect(square(group, f)).toEqual(composeAsGauss(group, f, f));
      for (const g of forms) expect(compose(group, f, g)).toEqual(composeAsGauss(group, f, g));
      expect(powerProduct(group, [[f, BigInt(classes)]])).toEqual(identityOf(group));
    }
  });

  test('of hundreds of bits composes as Gauss does', () => {
    fc.assert(
      fc.property(elements, ([group, f, g]) => {
        const product = compose(group, f, g);
        expect(product).toEqual(composeAsGauss(group, f, g));
        expect(formOf(group, product.a, product.b)).toEqual(product);
        expect(isReduced(product)).toBe(true);
      }),
    );
  });

  test('is associative and commutative, with an identity and inverses', () => {
    fc.assert(
      fc.property(elements, ([group, f, g, h]) => {
        expect(compose(group, compose(group, f, g), h)).toEqual(compose(group, f, compose(group, g, h)));
        expect(compose(group, f, g)).toEqual(compose(group, g, f));
        expect(compose(group, f, identityOf(group))).toEqual(f);
        expect(compose(group, f, inverse(f))).toEqual(identityOf(group));
      }),
    );
  });

  test('squares a form to its composition with itself', () => {
    fc.assert(
      fc.property(elements, ([group, f]) => {
        expect(square(group, f)).toEqual(compose(group, f, f));
      }),
    );
  });

  test('raises to powers as repeated composition does, and adds exponents', () => {
    fc.assert(
      fc.property(
        elements,
        fc.integer({ min: 1, max: 70 }),
        fc.bigInt(1n, 2n ** 264n),
        fc.bigInt(1n, 2n ** 264n),
        ([group, f, g], few, d, e) => {
          let product = f;
          for (let i = 1; i < few; i++) product = compose(group, product, f);
          expect(powerProduct(group, [[f, BigInt(few)]])).toEqual(product);
          const [one, other] = [powerProduct(group, [[f, d]]), powerProduct(group, [[g, e]])];
          expect(
            powerProduct(group, [
              [f, d],
              [g, e],
            ]),
          ).toEqual(compose(group, one, other));
          expect(compose(group, one, powerProduct(group, [[f, e]]))).toEqual(
            powerProduct(group, [[f, d + e]]),
          );
        },
      ),
      { numRuns: 20 },
    );
  });

  test('reduces every form of a class to the same one', () => {
    fc.assert(
      fc.property(elements, fc.bigInt(-(2n ** 80n), 2n ** 80n), ([group, f], n) => {
        const shifted = formOf(group, f.a, f.b + 2n * n * f.a) as Form;
        expect(reduce(shifted)).toEqual(f);
        expect(reduce({ a: shifted.c, b: -shifted.b, c: shifted.a })).toEqual(f);
      }),
    );
  });
});
