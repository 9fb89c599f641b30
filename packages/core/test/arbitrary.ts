import type { CanonicalValue } from '@hypermesh/core';
import { cidOfDigest, linkOf } from '@hypermesh/core';
import fc from 'fast-check';

/** Text with a fair share of keys that have bitten decoders before. */
const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', '/', 'bytes', '', '\ufeff', '\u0000'),
  },
);

const integer: fc.Arbitrary<number | bigint> = fc.oneof(
  fc.maxSafeInteger().map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -1, -24, -25, -256, -257),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
);

const link: fc.Arbitrary<CanonicalValue> = fc
  .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constantFrom('raw', 'dag-cbor'))
  .map(([digest, codec]) => linkOf(cidOfDigest(digest, codec as 'raw')));

/** Values in the form that decoding gives: bigint only where a number is not safe. */
export const value: fc.Arbitrary<CanonicalValue> = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constantFrom(null, true, false),
    integer,
    text,
    fc.uint8Array({ maxLength: 80 }),
    link,
    fc.array(tie('value'), { maxLength: 8 }),
    fc
      .array(fc.tuple(text, tie('value')), { maxLength: 30 })
      .map((entries) => Object.fromEntries(entries) as CanonicalValue),
  ),
})).value;
