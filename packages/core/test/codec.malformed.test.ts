import {
  type DecodeLimits,
  type DecodeReason,
  decodeCanonical,
  encodeCanonical,
  fromHex,
} from '@hypermesh/core';
import { describe, expect, test } from 'vitest';

function bytes(hex: string): Uint8Array {
  const parsed = fromHex(hex.replaceAll(' ', ''));
  if (!parsed.ok) throw new Error(`${parsed.reason}: ${hex}`);
  return parsed.bytes;
}

const CID = '01711220e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const nested = (depth: number): string => `${'81'.repeat(depth)}00`;

/** Bytes that are no canonical value, each with the reason that it is refused for. */
const malformed: [reason: DecodeReason, what: string, hex: string, limits?: DecodeLimits][] = [
  ['truncated', 'nothing at all', ''],
  ['truncated', 'an integer without its byte', '18'],
  ['truncated', 'an integer with half its bytes', '1a 0001'],
  ['truncated', 'a wide integer without its bytes', '1b 00000001000000'],
  ['truncated', 'bytes that end early', '42 00'],
  ['truncated', 'text that ends early', '62 61'],
  ['truncated', 'an array without its items', '82 00'],
  ['truncated', 'a map without its entries', 'a1'],
  ['truncated', 'a map without its last value', 'a1 6161'],
  ['truncated', 'a tag without its content', 'd8 2a'],
  ['truncated', 'bytes of 2^64-1', '5b ffffffffffffffff'],
  ['truncated', 'text of 2^53', '7b 0020000000000000 61'],
  ['truncated', 'an array of 2^64-1 items', '9b ffffffffffffffff'],
  ['truncated', 'an array of 2^32-1 items', '9a ffffffff 00'],
  ['truncated', 'a map of 2^64-1 entries', 'bb ffffffffffffffff'],
  ['truncated', 'a map whose entries cannot fit', 'a2 6161 00'],
  ['trailing-bytes', 'two values', '00 00'],
  ['trailing-bytes', 'a value and a break', '80 ff'],
  ['non-shortest', '0 in two bytes', '18 00'],
  ['non-shortest', '23 in two bytes', '18 17'],
  ['non-shortest', '255 in three bytes', '19 00ff'],
  ['non-shortest', '65535 in five bytes', '1a 0000ffff'],
  ['non-shortest', '2^32-1 in nine bytes', '1b 00000000ffffffff'],
  ['non-shortest', '-1 in two bytes', '38 00'],
  ['non-shortest', 'a length in two bytes', '58 01 00'],
  ['non-shortest', 'a text length in three bytes', '79 0001 61'],
  ['non-shortest', 'an array length in two bytes', '98 00'],
  ['non-shortest', 'a map length in nine bytes', 'bb 0000000000000000'],
  ['non-shortest', 'tag 42 in three bytes', `d9 002a 5825 00 ${CID}`],
  ['integer-range', '-2^63-1', '3b 8000000000000000'],
  ['integer-range', '-2^64', '3b ffffffffffffffff'],
  ['indefinite-length', 'an integer without length', '1f'],
  ['indefinite-length', 'bytes without length', '5f 41 00 ff'],
  ['indefinite-length', 'text without length', '7f 6161 ff'],
  ['indefinite-length', 'an array without length', '9f 00 ff'],
  ['indefinite-length', 'a map without length', 'bf 6161 00 ff'],
  ['indefinite-length', 'a key without length', 'a1 7f 6161 ff 00'],
  ['indefinite-length', 'a break alone', 'ff'],
  ['reserved', 'additional information 28', '1c'],
  ['reserved', 'additional information 30 of an array', '9e'],
  ['reserved', 'simple value 28', 'fc'],
  ['float', '0.0 in 16 bits', 'f9 0000'],
  ['float', '1.0 in 32 bits', 'fa 3f800000'],
  ['float', '1.5 in 64 bits', 'fb 3ff8000000000000'],
  ['float', 'NaN', 'f9 7e00'],
  ['float', 'infinity', 'fb 7ff0000000000000'],
  ['float', 'a float inside', 'a1 6161 fb 3ff0000000000000'],
  ['simple-value', 'undefined', 'f7'],
  ['simple-value', 'simple value 0', 'e0'],
  ['simple-value', 'simple value 255', 'f8 ff'],
  ['simple-value', 'true in two bytes', 'f8 15'],
  ['tag', 'a date', 'c1 00'],
  ['tag', 'a big number', 'c2 41 01'],
  ['tag', 'tag 41', `d8 29 5825 00 ${CID}`],
  ['tag', 'tag 2^64-1', 'db ffffffffffffffff 00'],
  ['cid', 'a link to text', 'd8 2a 6161'],
  ['cid', 'a link to a link', `d8 2a d8 2a 5825 00 ${CID}`],
  ['cid', 'an empty link', 'd8 2a 40'],
  ['cid', 'a link without its prefix', `d8 2a 5824 ${CID}`],
  ['cid', 'a link with another prefix', `d8 2a 5825 01 ${CID}`],
  ['cid', 'a link to a CIDv0', `d8 2a 5823 00 ${CID.slice(4)}`],
  ['cid', 'a CIDv2', `d8 2a 5825 00 02${CID.slice(2)}`],
  ['cid', 'a digest that is too short', `d8 2a 5824 00 ${CID.slice(0, -2)}`],
  ['cid', 'a digest that is too long', `d8 2a 5826 00 ${CID}00`],
  ['cid', 'a version in two bytes', `d8 2a 5826 00 8100${CID.slice(2)}`],
  ['cid', 'a codec without end', 'd8 2a 4c 00 01 ffffffffffffffffffff'],
  ['cid', 'a prefix alone', 'd8 2a 41 00'],
  ['utf8', 'a lone continuation byte', '61 80'],
  ['utf8', 'an overlong slash', '62 c0af'],
  ['utf8', 'an encoded surrogate', '63 eda080'],
  ['utf8', 'a code point above U+10FFFF', '64 f4908080'],
  ['utf8', 'half a character', '61 c3'],
  ['utf8', 'a bad byte in long text', `78 32 ${'61'.repeat(49)}ff`],
  ['utf8', 'a bad key', 'a1 61 ff 00'],
  ['key-type', 'a number as key', 'a1 00 00'],
  ['key-type', 'bytes as key', 'a1 41 61 00'],
  ['key-type', 'an array as key', 'a1 80 00'],
  ['key-order', 'b before a', 'a2 6162 00 6161 00'],
  ['key-order', 'aa before b', 'a2 626161 00 6162 00'],
  ['key-order', 'a wrong third key', 'a3 6161 00 6163 00 6162 00'],
  ['key-order', 'a wrong order inside', '81 a2 6162 00 6161 00'],
  ['duplicate-key', 'a twice', 'a2 6161 00 6161 00'],
  ['duplicate-key', 'the empty key twice', 'a2 60 00 60 00'],
  ['duplicate-key', '__proto__ twice', 'a2 695f5f70726f746f5f5f 00 695f5f70726f746f5f5f 00'],
  ['too-deep', '65 nested arrays', nested(65)],
  ['too-deep', '65 nested maps', `${'a16161'.repeat(65)}00`],
  [
    'too-deep',
    '100,000 nested arrays under no limit',
    nested(100_000),
    { maxDepth: Number.POSITIVE_INFINITY },
  ],
  ['too-deep', 'an array where none may be', '80', { maxDepth: 0 }],
  ['too-many-items', 'more items than allowed', '83 000000', { maxItems: 3 }],
  ['too-many-items', 'keys count as well', 'a1 6161 00', { maxItems: 2 }],
  ['too-many-items', 'a million empty arrays', `9a 000f4240 ${'80'.repeat(1_000_000)}`],
  ['too-many-items', 'nothing allowed', '00', { maxItems: 0 }],
  ['too-large', 'more bytes than allowed', '43 000000', { maxBytes: 3 }],
  ['too-large', '4 MiB and one byte', '00'.repeat(4 * 1024 * 1024 + 1)],
];

describe('malformed bytes', () => {
  test.each<(typeof malformed)[number]>(malformed)('are refused as %s: %s', (reason, _, hex, limits) => {
    expect(decodeCanonical(bytes(hex), limits)).toMatchObject({ ok: false, reason });
  });

  test('what lies just inside each bound is accepted', () => {
    const fine: (readonly [hex: string, limits?: DecodeLimits])[] = [
      ['18 18'],
      ['19 0100'],
      ['1b 0000000100000000'],
      ['1b ffffffffffffffff'],
      ['3b 7fffffffffffffff'],
      [`d8 2a 5825 00 ${CID}`],
      [nested(64)],
      [nested(256), { maxDepth: 1000 }],
      ['83 000000', { maxItems: 4 }],
      ['43 000000', { maxBytes: 4 }],
      ['a2 6161 00 6162 00', { maxItems: Number.NaN, maxDepth: Number.NaN, maxBytes: Number.NaN }],
    ];
    for (const [hex, limits] of fine) expect(decodeCanonical(bytes(hex), limits).ok, hex).toBe(true);
  });

  test('anything but bytes is refused, not thrown', () => {
    for (const input of [undefined, null, 'a0', [0], { length: 1 }, new Uint16Array(1), new ArrayBuffer(1)]) {
      expect(decodeCanonical(input as Uint8Array)).toEqual({ ok: false, reason: 'not-bytes', offset: 0 });
    }
  });

  test('a refusal says where', () => {
    expect(decodeCanonical(bytes('82 00 f7'))).toEqual({ ok: false, reason: 'simple-value', offset: 3 });
  });
});

describe('values without a canonical form', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  class Money {
    readonly amount = 1;
  }
  const cases: readonly (readonly [string, string, unknown])[] = [
    ['float', '$', 1.5],
    ['float', '$', Number.NaN],
    ['float', '$', Number.POSITIVE_INFINITY],
    ['float', '$', -0],
    ['float', '$', 2 ** 53],
    ['float', '$.a[1].b', { a: [0, { b: 0.1 }] }],
    ['integer-range', '$', 2n ** 64n],
    ['integer-range', '$', -(2n ** 63n) - 1n],
    ['unsupported', '$', undefined],
    ['unsupported', '$.a', { a: undefined }],
    ['unsupported', '$[0]', new Array(2)],
    ['unsupported', '$', Symbol('s')],
    ['unsupported', '$', () => 1],
    ['unsupported', '$', new Map()],
    ['unsupported', '$', new Date(0)],
    ['unsupported', '$', new Money()],
    ['unsupported', '$', new Float64Array(1)],
    ['unsupported', '$', new ArrayBuffer(1)],
    ['ill-formed-text', '$', '\ud800'],
    ['ill-formed-text', '$', `${'x'.repeat(100)}\udc00`],
    ['ill-formed-text', '$.\ud800', { '\ud800': 1 }],
    ['symbol-key', '$', { [Symbol('s')]: 1 }],
    ['too-deep', '$', cycle],
    ['cid', '$', linkLike()],
  ];

  function linkLike(): unknown {
    const cid = Uint8Array.of(1, 2, 3);
    return { '/': cid, bytes: cid };
  }

  test.each(cases)('are refused as %s at %s', (reason, path, value) => {
    const caught = (() => {
      try {
        return encodeCanonical(value);
      } catch (error) {
        return error as { failure: unknown };
      }
    })();
    const failure = (caught as { failure: { path: string } }).failure;
    expect(failure).toMatchObject({ code: 'core/not-canonical', reason });
    if (reason !== 'too-deep') expect(failure.path).toBe(path);
  });

  test('a refusal leaves nothing behind for the next encoding', () => {
    expect(() => encodeCanonical(['x'.repeat(30), 0.5])).toThrow();
    expect(encodeCanonical('a')).toEqual(Uint8Array.of(0x61, 0x61));
  });
});
