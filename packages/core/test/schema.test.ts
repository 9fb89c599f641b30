import {
  type CanonicalValue,
  checkRecord,
  cidOf,
  decodeCanonical,
  decodeRecord,
  encodeCanonical,
  encodeRecord,
  type Infer,
  linkOf,
  type NodeId,
  record,
  type Schema,
  s,
} from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';

const cid = cidOf(new Uint8Array(0), 'raw');
const transfer = record({
  kind: s.literal('transfer'),
  to: s.cid<NodeId>({ codec: 'dag-cbor', hash: 'sha2-256' }),
  amount: s.bigint(),
  memo: s.optional(s.text(20)),
});
const vote = record({
  kind: s.literal('vote'),
  view: s.uint(),
  support: s.bool(),
  signature: s.bytes({ length: 4 }),
});
const operation = s.union(transfer, vote);
const block = record({
  v: s.literal(1),
  parent: s.union(s.link(), s.literal(null)),
  operations: s.array(operation, 10),
  balances: s.map(s.bigint(), 5, 70),
});
type Block = Infer<typeof block>;

const node = cidOf(new Uint8Array(1), 'dag-cbor') as NodeId;
const example: Block = {
  v: 1,
  parent: linkOf(cid),
  operations: [
    { kind: 'transfer', to: node, amount: 5n, memo: 'tea' },
    { kind: 'transfer', to: node, amount: 2n ** 64n - 1n },
    { kind: 'vote', view: 3, support: true, signature: Uint8Array.of(1, 2, 3, 4) },
  ],
  balances: { [node]: 7n, constructor: 0n },
};

describe('schemas', () => {
  test('types follow from the schema', () => {
    expectTypeOf<Infer<typeof transfer>>().toEqualTypeOf<{
      readonly kind: 'transfer';
      readonly to: NodeId;
      readonly amount: bigint;
      readonly memo?: string;
    }>();
    expectTypeOf<Infer<typeof operation>>().toEqualTypeOf<Infer<typeof transfer> | Infer<typeof vote>>();
    expectTypeOf<Block['balances']>().toEqualTypeOf<{ readonly [key: string]: bigint }>();
  });

  test('a checked record decodes to the same value, small bigints as bigint too', () => {
    expect(checkRecord(block, example)).toEqual({ ok: true, value: example });
    const bytes = encodeRecord(block, example);
    expect(bytes).toEqual(encodeCanonical(example));
    const decoded = decodeRecord(block, bytes);
    expect(decoded).toEqual({ ok: true, value: example });
    expect(decoded.ok && encodeRecord(block, decoded.value)).toEqual(bytes);
  });

  test('any record that passes the check comes back the same', () => {
    const fields: readonly (readonly [Schema<unknown>, fc.Arbitrary<CanonicalValue>])[] = [
      [s.uint(), fc.maxSafeInteger().map(Math.abs)],
      [s.int(-5, 5), fc.integer({ min: -5, max: 5 })],
      [s.bigint(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
      [s.bigint(), fc.bigInt({ min: 0n, max: 30n })],
      [s.text(90), fc.string({ unit: 'grapheme', maxLength: 10 })],
      [s.bytes({ max: 9 }), fc.uint8Array({ maxLength: 9 })],
      [s.bool(), fc.boolean()],
      [s.array(s.bigint(9n), 3), fc.array(fc.bigInt({ min: 0n, max: 9n }), { maxLength: 3 })],
      [
        s.map(s.uint(9), 4),
        fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 5 }), fc.nat(9), { maxKeys: 4 }),
      ],
    ];
    const shape = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'cc', 'ddd', 'é'), fc.nat(8)), {
      selector: ([name]) => name,
    });
    const pair = shape.chain((entries) =>
      fc.tuple(
        fc.constant(record(Object.fromEntries(entries.map(([name, at]) => [name, field(at)[0]])))),
        fc.record(Object.fromEntries(entries.map(([name, at]) => [name, field(at)[1]]))),
      ),
    );
    function field(at: number): readonly [Schema<unknown>, fc.Arbitrary<CanonicalValue>] {
      return fields[at] as (typeof fields)[number];
    }
    fc.assert(
      fc.property(pair, ([schema, value]) => {
        expect(checkRecord(schema, value)).toMatchObject({ ok: true });
        expect(decodeRecord(schema, encodeCanonical(value))).toEqual({ ok: true, value });
      }),
    );
  });

  test('no bytes make a schema throw, and what it accepts encodes to them', () => {
    const valid = encodeRecord(block, example);
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.nat(255), (at, byte) => {
        const bytes = valid.slice();
        bytes[at] = byte;
        const decoded = decodeRecord(block, bytes);
        if (decoded.ok) expect(encodeRecord(block, decoded.value)).toEqual(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  test('a decoded map answers to its own keys alone', () => {
    const decoded = decodeRecord(s.map(s.uint(), 3), encodeCanonical({ a: 1 }));
    if (!decoded.ok) throw new Error(decoded.reason);
    expect(decoded.value['toString']).toBeUndefined();
    expect(Object.getPrototypeOf(decoded.value)).toBeNull();
    const named = decodeRecord(s.map(s.bigint(), 3), encodeCanonical(JSON.parse('{"__proto__":1}')));
    expect(named.ok && Object.entries(named.value)).toEqual([['__proto__', 1n]]);
    expect(encodeCanonical(named.ok ? named.value : 0)).toEqual(
      encodeCanonical(JSON.parse('{"__proto__":1}')),
    );
  });

  test('checking changes nothing of a value that is not ours', () => {
    const frozen = Object.freeze({ list: Object.freeze([1n]), map: Object.freeze({ a: 2n }) });
    const schema = record({ list: s.array(s.bigint(), 2), map: s.map(s.bigint(), 2) });
    const checked = checkRecord(schema, frozen);
    expect(checked.ok && checked.value).toBe(frozen);
    expect(Object.getPrototypeOf(frozen.map)).toBe(Object.prototype);
  });

  test('records may be written for a worker and back', () => {
    const decoded = decodeRecord(block, encodeRecord(block, example));
    expect(encodeCanonical(structuredClone(decoded.ok && decoded.value))).toEqual(
      encodeRecord(block, example),
    );
  });

  const one = (schema: Schema<unknown>): Schema<unknown> => record({ a: schema });
  test.each<[string, string, Schema<unknown>, unknown]>([
    ['wrong-kind', '$', record({}), []],
    ['wrong-kind', '$', record({}), null],
    ['wrong-kind', '$', record({}), linkOf(cid)],
    ['wrong-kind', '$', record({}), new Uint8Array(0)],
    ['missing-key', '$.a', one(s.uint()), {}],
    ['unknown-key', '$.b', one(s.uint()), { a: 1, b: 1 }],
    ['unknown-key', '$.__proto__', one(s.optional(s.uint())), JSON.parse('{"__proto__":1}')],
    ['missing-key', '$.toString', record({ toString: s.uint() }), {}],
    ['wrong-kind', '$.a', one(s.uint()), { a: 'x' }],
    ['out-of-range', '$.a', one(s.uint(9)), { a: 10 }],
    ['out-of-range', '$.a', one(s.uint()), { a: -1 }],
    ['out-of-range', '$.a', one(s.uint()), { a: 2n ** 60n }],
    ['out-of-range', '$.a', one(s.int(-2, 2)), { a: -3 }],
    ['out-of-range', '$.a', one(s.bigint(9n)), { a: 10n }],
    ['out-of-range', '$.a', one(s.bigint()), { a: -1n }],
    ['wrong-kind', '$.a', one(s.bigint()), { a: 'x' }],
    ['wrong-length', '$.a', one(s.text(3)), { a: 'abcd' }],
    ['wrong-length', '$.a', one(s.text(3)), { a: 'éé' }],
    ['wrong-length', '$.a', one(s.text(7)), { a: '😀😀' }],
    ['wrong-length', '$.a', one(s.bytes({ length: 2 })), { a: new Uint8Array(3) }],
    ['wrong-length', '$.a', one(s.bytes({ min: 2, max: 4 })), { a: new Uint8Array(1) }],
    ['wrong-length', '$.a', one(s.bytes({ max: 4 })), { a: new Uint8Array(5) }],
    ['wrong-kind', '$.a', one(s.bytes({ max: 4 })), { a: 'abcd' }],
    ['wrong-kind', '$.a', one(s.bool()), { a: 1 }],
    ['wrong-kind', '$.a', one(s.cid()), { a: linkOf(cid) }],
    ['cid', '$.a', one(s.cid()), { a: cid.toUpperCase() }],
    ['cid', '$.a', one(s.cid({ codec: 'dag-cbor' })), { a: cid }],
    ['cid', '$.a', one(s.cid({ hash: 'blake3-256' })), { a: cid }],
    ['wrong-kind', '$.a', one(s.link()), { a: cid }],
    ['wrong-literal', '$.a', one(s.literal(1)), { a: 2 }],
    ['wrong-literal', '$.a', one(s.literal('x')), { a: null }],
    ['wrong-length', '$.a', one(s.array(s.uint(), 1)), { a: [1, 2] }],
    ['wrong-kind', '$.a[1]', one(s.array(s.uint(), 2)), { a: [1, 'x'] }],
    ['wrong-kind', '$.a', one(s.array(s.uint(), 2)), { a: {} }],
    ['wrong-length', '$.a', one(s.map(s.uint(), 1)), { a: { b: 1, c: 2 } }],
    ['wrong-length', '$.a.éé', one(s.map(s.uint(), 1, 3)), { a: { éé: 1 } }],
    ['wrong-kind', '$.a.b', one(s.map(s.uint(), 1)), { a: { b: true } }],
    ['no-variant', '$.a', one(s.union(s.uint(), s.text(3))), { a: true }],
    ['no-variant', '$.a', one(operation), { a: { kind: 'mint' } }],
    ['no-variant', '$.a', one(operation), { a: { view: 3 } }],
    ['no-variant', '$.a', one(s.union(s.literal('x'), s.literal('y'))), { a: 'z' }],
    ['out-of-range', '$.a.view', one(operation), { a: { kind: 'vote', view: -1, support: true } }],
  ])('bytes are refused as %s at %s', (reason, path, schema, value) => {
    const bytes = encodeCanonical(value);
    expect(decodeRecord(schema, bytes)).toEqual({ ok: false, reason, path });
    expect(checkRecord(schema, value)).toEqual({ ok: false, reason, path });
    expect(() => encodeRecord(schema, value)).toThrow(
      expect.objectContaining({ failure: { code: 'core/not-a-record', reason, path } }),
    );
  });

  test.each<[string, string, Schema<unknown>, unknown]>([
    ['wrong-kind', '$.a', one(s.uint()), { a: undefined }],
    ['wrong-kind', '$.a', one(s.optional(s.uint())), { a: undefined }],
    ['wrong-kind', '$.a', one(s.uint()), { a: 1.5 }],
    ['wrong-kind', '$.a', one(s.int(-1, 1)), { a: -0 }],
    ['wrong-kind', '$.a', one(s.bigint()), { a: 5 }],
    ['out-of-range', '$.a', one(s.uint()), { a: 5n }],
    ['utf8', '$.a', one(s.text(9)), { a: '\ud800' }],
    ['utf8', '$.a.\udc00', one(s.map(s.uint(), 1)), { a: { '\udc00': 1 } }],
    ['wrong-kind', '$', record({}), new Date(0)],
    ['wrong-kind', '$', record({}), { [Symbol('s')]: 1 }],
    ['wrong-kind', '$', s.array(s.uint(), 3), new Array(2)],
    ['no-variant', '$', operation, undefined],
    ['no-variant', '$', operation, () => 1],
  ])('values that have no bytes are refused as %s at %s', (reason, path, schema, value) => {
    const refused = checkRecord(schema, value);
    expect(refused.ok).toBe(false);
    if (!refused.ok && path !== '$') expect(refused).toMatchObject({ reason, path });
  });

  test('bytes that are not canonical are refused before the schema sees them', () => {
    expect(decodeRecord(record({}), Uint8Array.of(0xa0, 0))).toEqual({
      ok: false,
      reason: 'trailing-bytes',
      path: '$',
      offset: 1,
    });
    expect(decodeRecord(record({}), new Uint8Array(9), { maxBytes: 8 })).toMatchObject({
      reason: 'too-large',
    });
  });

  test('unions whose variants nothing tells apart are refused when they are built', () => {
    const build: readonly (() => unknown)[] = [
      () => s.union(s.uint(), s.bigint()),
      () => s.union(s.text(3), s.cid()),
      () => s.union(s.text(3), s.literal('x')),
      () => s.union(record({ a: s.uint() }), record({ b: s.uint() })),
      () => s.union(record({ a: s.literal(1) }), record({ a: s.literal(1) })),
      () => s.union(record({ a: s.optional(s.literal(1)) }), record({ a: s.optional(s.literal(2)) })),
      () => s.union(record({ a: s.literal(1) }), s.map(s.uint(), 3)),
      () => s.union(operation, operation),
    ];
    for (const make of build) expect(make).toThrow(expect.objectContaining({ code: 'core/ambiguous-union' }));
  });

  test('unions nest, and mix kinds with records', () => {
    const nested = s.union(s.union(transfer, vote), s.union(s.literal(null), s.literal('x'), s.literal('y')));
    for (const value of ['x', 'y', null, example.operations[0], example.operations[2]]) {
      expect(decodeRecord(nested, encodeCanonical(value))).toEqual({ ok: true, value });
    }
  });

  test('bounds that hold no value are misuse', () => {
    const build: readonly (() => unknown)[] = [
      () => s.int(1, 0),
      () => s.uint(1.5),
      () => s.bigint(2n ** 64n),
      () => s.text(-1),
      () => s.bytes({ min: 2, max: 1 }),
      () => s.bytes({ length: Number.NaN }),
      () => s.literal(0.5),
      () => record({ ['__proto__']: s.uint() }),
    ];
    for (const make of build) expect(make).toThrow(expect.objectContaining({ code: 'core/out-of-range' }));
  });

  test('a schema reads what decodeCanonical reads', () => {
    const bytes = encodeCanonical({ kind: 'vote', view: 1, support: false, signature: new Uint8Array(4) });
    expect(decodeRecord(vote, bytes)).toEqual(decodeCanonical(bytes));
  });
});
