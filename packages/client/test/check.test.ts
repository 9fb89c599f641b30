import fc from 'fast-check';
import { Check } from 'typebox/schema';
import { describe, expect, it } from 'vitest';
import { routes } from '../src/routes/table.ts';
import { misfitOf, type Schema } from '../src/table/check.ts';
import { object, oneOf, optional, text, whole } from '../src/table/shapes.ts';
import { Type } from '../src/table/type.ts';

const asSchema = (schema: object) => schema as unknown as Schema;

/** A schema of the kinds that the table uses, and values that nearly fit it. */
const schemas: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Schema>(
      { type: 'boolean' },
      { type: 'null' },
      { type: 'integer' },
      { type: 'integer', minimum: 1, maximum: 9 },
      { type: 'number', minimum: 0.5 },
      { type: 'string' },
      { type: 'string', minLength: 2, maxLength: 3 },
      { type: 'string', pattern: '^a*$' },
      { enum: ['a', 'b', 1] },
      { type: 'string', const: 'a' },
      {},
    ),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    tie('schema').map((items) => ({ type: 'array', items, minItems: 1, maxItems: 2 })),
    tie('schema').map((additionalProperties) => ({ type: 'object', additionalProperties })),
    fc.tuple(tie('schema'), tie('schema'), fc.boolean()).map(([a, b, isClosed]) => ({
      type: 'object',
      properties: { a, b },
      required: ['a'],
      ...(isClosed ? { additionalProperties: false } : {}),
    })),
  ),
})).schema;

const leaf = fc.constantFrom<unknown>(
  '',
  'a',
  'aa',
  'aaa',
  '😀😀',
  '😀😀😀😀',
  'b',
  0,
  1,
  5,
  1.5,
  -1,
  10,
  true,
  null,
);
const values: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'toString'), tie('value'), { maxKeys: 3 }),
  ),
})).value;

describe('the check of values', () => {
  it('takes and refuses what TypeBox takes and refuses', () => {
    fc.assert(
      fc.property(schemas, values, (schema, value) => {
        expect(misfitOf(schema, value) === undefined).toBe(Check(schema as never, value));
      }),
      { numRuns: 5_000 },
    );
  });

  it('takes nothing of another shape for what a route answers', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(routes)), values, ({ output, input }, value) => {
        for (const schema of [output, input])
          expect(misfitOf(asSchema(schema), value) === undefined).toBe(
            Check(schema as never, value as never),
          );
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, object, unknown, string, string]>([
    ['a missing field', object({ a: text() }), {}, 'a', 'a text from 1 to 4096 characters'],
    ['a field that there is not', object({}), { b: 1 }, 'b', 'nothing: there is no such field'],
    [
      'an inherited name',
      object({}),
      JSON.parse('{"__proto__":1}'),
      '__proto__',
      'nothing: there is no such field',
    ],
    ['a wrong choice', object({ a: oneOf(['x', 'y']) }), { a: 'z' }, 'a', 'one of x, y'],
    [
      'a number that is too small',
      object({ a: whole() }),
      { a: 0 },
      'a',
      'a whole number from 1, or a whole number as text',
    ],
    [
      'an item',
      object({ a: Type.Array(text()) }),
      { a: ['x', ''] },
      'a.1',
      'a text from 1 to 4096 characters',
    ],
    ['a field within', object({ a: object({ b: Type.Boolean() }) }), { a: { b: 1 } }, 'a.b', 'true or false'],
    ['no object', object({}), [], '', 'an object'],
    [
      'a described text',
      object({ a: text({ description: 'a name' }) }),
      {},
      'a',
      'a text from 1 to 4096 characters (a name)',
    ],
  ])('says where %s is, and what belongs there', (_, schema, value, path, expected) => {
    expect(misfitOf(asSchema(schema), value)).toEqual({ path, expected });
  });

  it('leaves out what may be left out', () => {
    const schema = asSchema(object({ a: optional(text()), b: text() }));
    expect(schema['required']).toEqual(['b']);
    expect(misfitOf(schema, { b: 'x' })).toBeUndefined();
    expect(JSON.stringify(schema)).not.toContain('optional');
  });
});
