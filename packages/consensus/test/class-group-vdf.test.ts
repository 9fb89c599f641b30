import { type ClassGroupClaim, verifyClassGroupVdf } from '@hypermesh/consensus';
import { toHex, utf8 } from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deserialize, serialize } from '../src/time/class-group/compressed-form.ts';
import { compose, type Form, formOf, identityOf, inverse } from '../src/time/class-group/form.ts';
import { powerProduct } from '../src/time/class-group/power.ts';
import { GENERATOR, groupOf, proveClassGroup } from './support/class-group-prover.ts';

const seed = utf8('a seed of a delay');
const groups = [256, 264, 512, 1000, 1024].map((bits) => groupOf(seed, bits));
const group = groups[2] as (typeof groups)[number];
const generator = deserialize(group, GENERATOR) as Form;

/** Elements of every group, without order. */
const elements = fc.constantFrom(
  ...groups.flatMap((of) => {
    const base = deserialize(of, GENERATOR) as Form;
    return Array.from(
      { length: 30 },
      (_, i) => [of, powerProduct(of, [[base, 7n ** BigInt(i + 80)]])] as const,
    );
  }),
);

/** An element whose serialised form has a g greater than 1. */
const withCommonPart = (() => {
  let form = generator;
  while (serialize(group, form)[2 + 64 / 2 + 16] === 1 || (serialize(group, form)[0] as number) >= 4) {
    form = compose(group, form, generator);
  }
  return form;
})();

const changed = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
};

describe('a serialised form', () => {
  test('is read back as it was', () => {
    fc.assert(
      fc.property(elements, ([of, form]) => {
        for (const one of [form, inverse(form), identityOf(of)]) {
          expect(deserialize(of, serialize(of, one))).toEqual(one);
        }
      }),
    );
    expect(deserialize(group, serialize(group, withCommonPart))).toEqual(withCommonPart);
  });

  test('has one spelling: other bytes are refused or another form', () => {
    const change = fc.tuple(fc.nat(99), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(elements, fc.array(change, { minLength: 1, maxLength: 2 }), ([of, form], changes) => {
        const bytes = serialize(of, form);
        const other = bytes.slice();
        for (const [at, mask] of changes) other[at] = (other[at] as number) ^ mask;
        const found = deserialize(of, other);
        if (found === undefined) return;
        expect(serialize(of, found)).toEqual(other);
        if (toHex(other) !== toHex(bytes)) expect(found).not.toEqual(form);
      }),
      { numRuns: 2000 },
    );
  });

  test('is refused whatever else the bytes are, without an exception', () => {
    const any = fc.uint8Array({ minLength: 100, maxLength: 100 });
    const small = fc.tuple(fc.nat(3), fc.nat(40), any).map(([flags, size, rest]) => {
      const bytes = rest.slice();
      bytes.set([flags, size]);
      return bytes;
    });
    fc.assert(
      fc.property(fc.constantFrom(...groups), fc.oneof(any, small), (of, bytes) => {
        const form = deserialize(of, bytes);
        if (form !== undefined) expect(serialize(of, form)).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  const plain = serialize(group, powerProduct(group, [[generator, 2n ** 200n + 1n]]));
  const common = serialize(group, withCommonPart);
  const gAt = 2 + 32 + 16;
  const large = formOf(group, generator.c, -generator.b) as Form;
  test.each([
    ['nothing but zeros', new Uint8Array(100)],
    ['both flags', changed(GENERATOR, 0, 12)],
    ['a flag and a sign', changed(GENERATOR, 0, 9)],
    ['an unknown flag', changed(plain, 0, (plain[0] as number) | 16)],
    ['bytes behind a flag', changed(GENERATOR, 99, 1)],
    ['bytes behind the fields', changed(plain, 99, 1)],
    [
      'the generator without its flag',
      Uint8Array.from({ length: 100 }, (_, i) => Number([2, 34, gAt].includes(i)) * (i === 2 ? 2 : 1)),
    ],
    ['g of zero bits', changed(plain, gAt, 0)],
    ['g where there is none', changed(plain, gAt, 3)],
    ['b0 where there is none', changed(plain, gAt + 1, 1)],
    ['another g', changed(common, gAt, (common[gAt] as number) + 1)],
    ['b0 plus 2', changed(common, gAt + 1, (common[gAt + 1] as number) + 2)],
    ['b0 plus 4', changed(common, gAt + 1, (common[gAt + 1] as number) + 4)],
    ['a longer g than the discriminant allows', changed(plain, 1, 16)],
    ['the longest g', changed(plain, 1, 255)],
    ['a form that is not reduced', serialize({ ...group, discriminant: -(2n ** 1023n) }, large)],
    ['all bits', new Uint8Array(100).fill(255)],
  ])('is refused: %s', (_, bytes) => {
    expect(deserialize(group, bytes)).toBeUndefined();
  });

  test('of one discriminant is refused for another', () => {
    expect(deserialize(groupOf(utf8('another seed'), 512), plain)).toBeUndefined();
  });
});

const short = proveClassGroup(seed, 512, [300]);
const deep = proveClassGroup(seed, 512, [280, 400, 33, 500]);
const x = serialize(group, powerProduct(group, [[generator, 12_345n]]));
const other = proveClassGroup(seed, 512, [280, 400], x);

describe('a claim of a delay in a class group', () => {
  test('verifies at every depth, from any x, as bytes or hex, counted by numbers or bigints', () => {
    for (const claim of [short, deep, other]) {
      expect(verifyClassGroupVdf(claim)).toEqual({ ok: true });
      expect(verifyClassGroupVdf({ ...claim, iterations: BigInt(claim.iterations) })).toEqual({ ok: true });
      const [y, proof] = [toHex(claim.y), toHex(claim.proof)];
      expect(verifyClassGroupVdf({ ...claim, y, proof, seed: toHex(seed) })).toEqual({ ok: true });
    }
  });

  test('verifies with discriminants of other sizes, and with 64 segments', () => {
    for (const bits of [256, 264, 1000, 1024]) {
      expect(verifyClassGroupVdf(proveClassGroup(seed, bits, [5, 270]))).toEqual({ ok: true });
    }
    const stretches = Array.from({ length: 65 }, (_, i) => 1 + 5 * i);
    expect(verifyClassGroupVdf(proveClassGroup(seed, 256, stretches))).toEqual({ ok: true });
  });

  const flip = (bytes: Uint8Array, at: number): Uint8Array => changed(bytes, at, (bytes[at] as number) ^ 1);
  const segment = (i: number): Uint8Array => deep.proof.slice(100 + 141 * i, 241 + 141 * i);
  const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
  const y = serialize(group, compose(group, deserialize(group, short.y) as Form, generator));
  test.each<[string, object, Partial<ClassGroupClaim> | null, string]>([
    ['nothing', short, null, 'malformed'],
    ['no seed', short, { seed: undefined as never }, 'malformed'],
    ['a short seed', short, { seed: new Uint8Array(7) }, 'malformed'],
    ['a long seed', short, { seed: new Uint8Array(65) }, 'malformed'],
    ['text that is no hex', short, { y: 'zz'.repeat(100) }, 'malformed'],
    ['a short x', short, { x: GENERATOR.slice(1) }, 'malformed'],
    ['a long y', short, { y: new Uint8Array(101) }, 'malformed'],
    ['a short proof', short, { proof: short.proof.slice(1) }, 'malformed'],
    ['a byte behind the proof', deep, { proof: joined(deep.proof, new Uint8Array(1)) }, 'malformed'],
    ['too great a depth for the proof', deep, { depth: 4 }, 'malformed'],
    ['too small a depth for the proof', deep, { depth: 2 }, 'malformed'],
    ['a depth of 65', deep, { depth: 65 }, 'bad-depth'],
    ['a negative depth', deep, { depth: -1 }, 'bad-depth'],
    ['no depth', short, { depth: undefined as never }, 'bad-depth'],
    ['half a depth', deep, { depth: 0.5 }, 'bad-depth'],
    ['513 bits', short, { discriminantBits: 513 }, 'bad-discriminant-bits'],
    ['248 bits', short, { discriminantBits: 248 }, 'bad-discriminant-bits'],
    ['1032 bits', short, { discriminantBits: 1032 }, 'bad-discriminant-bits'],
    ['bits as text', short, { discriminantBits: '512' as never }, 'bad-discriminant-bits'],
    ['no iterations', short, { iterations: 0 }, 'bad-iterations'],
    ['negative iterations', short, { iterations: -1n }, 'bad-iterations'],
    ['half an iteration', short, { iterations: 0.5 }, 'bad-iterations'],
    ['iterations that are no exact number', short, { iterations: 2 ** 53 }, 'bad-iterations'],
    ['iterations beyond 2^63', short, { iterations: 2n ** 63n + 1n }, 'bad-iterations'],
    ['iterations as text', short, { iterations: '300' as never }, 'bad-iterations'],
    ['2^63 iterations', short, { iterations: 2n ** 63n }, 'wrong-proof'],
    ['one iteration more', short, { iterations: 301 }, 'wrong-proof'],
    ['one iteration less', short, { iterations: 299 }, 'wrong-proof'],
    ['the inverse of y', short, { y: flip(short.y, 0) }, 'wrong-proof'],
    ['a neighbour of y', short, { y }, 'wrong-proof'],
    ['the inverse of the proof', short, { proof: flip(short.proof, 0) }, 'wrong-proof'],
    ['y as proof', short, { proof: short.y }, 'wrong-proof'],
    ['the identity as proof', short, { proof: changed(GENERATOR, 0, 4) }, 'wrong-proof'],
    ['the identity as x', short, { x: changed(GENERATOR, 0, 4) }, 'wrong-proof'],
    ['x that is no form', short, { x: new Uint8Array(100) }, 'not-canonical'],
    ['y that is no form', short, { y: flip(short.y, 40) }, 'not-canonical'],
    ['a proof that is no form', short, { proof: flip(short.proof, 40) }, 'not-canonical'],
    ['a segment that is no form', deep, { proof: flip(deep.proof, 100 + 41 + 30) }, 'not-canonical'],
    ['another seed', short, { seed: utf8('another seed') }, 'not-canonical'],
    ['another size', short, { discriminantBits: 520 }, 'not-canonical'],
    ['one iteration more', deep, { iterations: deep.iterations + 1 }, 'wrong-proof'],
    ['fewer iterations than its segments', deep, { iterations: 700 }, 'bad-segment'],
    ['an even challenge', deep, { proof: flip(deep.proof, 140) }, 'bad-segment'],
    ['a short challenge', deep, { proof: changed(deep.proof, 108, 0x7f) }, 'bad-segment'],
    ['another challenge', deep, { proof: flip(deep.proof, 139) }, 'wrong-proof'],
    ['the inverse of a segment', deep, { proof: flip(deep.proof, 423) }, 'wrong-proof'],
    ['other iterations of a segment', deep, { proof: flip(deep.proof, 107) }, 'wrong-proof'],
    ['huge iterations of a segment', deep, { proof: changed(deep.proof, 100, 0xff) }, 'bad-segment'],
    [
      'segments in another order',
      deep,
      { proof: joined(deep.proof.slice(0, 100), segment(1), segment(0), segment(2)) },
      'wrong-proof',
    ],
    [
      'a segment twice',
      deep,
      { proof: joined(deep.proof, segment(2)), depth: 4, iterations: deep.iterations + 280 },
      'wrong-proof',
    ],
    [
      'a segment left out',
      deep,
      { proof: deep.proof.slice(0, -141), depth: 2, iterations: deep.iterations - 280 },
      'wrong-proof',
    ],
    ['an inverse y at depth 3', deep, { y: flip(deep.y, 0) }, 'wrong-proof'],
  ])('with %s is refused', (_, claim, change, reason) => {
    const altered = change === null ? null : { ...claim, ...change };
    expect(verifyClassGroupVdf(altered as ClassGroupClaim)).toEqual({ ok: false, reason });
  });

  test('gets a verdict whatever it is, and one that differs does not pass', () => {
    const valid = proveClassGroup(seed, 256, [270, 300]);
    const fields = Object.keys(valid) as (keyof ClassGroupClaim)[];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.uint8Array({ minLength: 100, maxLength: 100 }),
      fc.uint8Array({ minLength: 241, maxLength: 241 }),
    );
    const junk = fc.oneof(
      bytes,
      fc.anything(),
      fc.bigInt(),
      fc.double(),
      fc.nat(64),
      fc.constantFrom(256, 264),
    );
    fc.assert(
      fc.property(fc.constantFrom(...fields), junk, (field, value) => {
        const verdict = verifyClassGroupVdf({ ...valid, [field]: value });
        if (value !== valid[field]) expect(verdict.ok).toBe(false);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom('x' as const, 'y' as const, 'proof' as const),
        fc.nat(),
        fc.nat(7),
        (field, at, bit) => {
          const copy = valid[field].slice();
          const place = at % copy.length;
          copy[place] = (copy[place] as number) ^ (1 << bit);
          expect(verifyClassGroupVdf({ ...valid, [field]: copy }).ok).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(verifyClassGroupVdf(value as never).ok).toBe(false);
      }),
    );
  });
});
