import type { Type as TypeBox } from 'typebox';

/** A schema as plain data. */
type Plain = Readonly<Record<string | symbol, unknown>>;

/** Marks a field that may be left out; it is no part of the JSON. */
const leftOut: unique symbol = Symbol('optional');

type Used = Pick<
  typeof TypeBox,
  | 'Any'
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unknown'
>;

const kind =
  (type: string) =>
  (said: object = {}): Plain => ({ type, ...said });

/**
 * TypeBox's builders by their names and with its types, making the plain JSON Schema (2020-12) that they stand for. TypeBox itself takes 22 MB of
 * a process, and 28 kB of a page, before the first schema is built; its types take nothing.
 */
export const Type: Used = {
  Any: (said: object = {}) => ({ ...said }),
  Unknown: (said: object = {}) => ({ ...said }),
  Boolean: kind('boolean'),
  Integer: kind('integer'),
  Null: kind('null'),
  Number: kind('number'),
  String: kind('string'),
  Literal: (value: unknown, said: object = {}) => ({ type: typeof value, const: value, ...said }),
  Enum: (values: readonly unknown[], said: object = {}) => ({ enum: [...values], ...said }),
  Array: (items: Plain, said: object = {}) => ({ type: 'array', items, ...said }),
  Union: (anyOf: readonly Plain[], said: object = {}) => ({ anyOf: [...anyOf], ...said }),
  Optional: (schema: Plain) => ({ ...schema, [leftOut]: true }),
  Record: (_key: Plain, additionalProperties: Plain, said: object = {}) => ({
    type: 'object',
    additionalProperties,
    ...said,
  }),
  Object: (properties: Readonly<Record<string, Plain>>, said: object = {}) => {
    const required = Object.keys(properties).filter((name) => properties[name]?.[leftOut] !== true);
    return { type: 'object', properties, ...(required.length === 0 ? {} : { required }), ...said };
  },
} as unknown as Used;
