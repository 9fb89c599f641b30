import type { TEnum, TProperties, TSchema } from 'typebox';
import { Type } from './type.ts';

/** What schemas of the table may say beside their shape. */
interface Said {
  readonly description?: string;
}

/** An object with these fields and no others. */
export const object = <Fields extends TProperties>(fields: Fields, said: Said = {}) =>
  Type.Object(fields, { additionalProperties: false, ...said });

/** A list; what is taken from callers names its `maxItems`. */
export const list = <Item extends TSchema>(
  item: Item,
  said: Said & { readonly maxItems?: number; readonly minItems?: number } = {},
) => Type.Array(item, { ...said });

/** Text that somebody gives: 1 to 4096 characters. */
export const text = (said: Said & { readonly maxLength?: number } = {}) =>
  Type.String({ minLength: 1, maxLength: 4096, ...said });

/** A member, by its name or its NodeId, as somebody gives it: at most 128 characters, none of them a control character. */
export const memberName = (said: Said = {}) =>
  Type.String({
    minLength: 1,
    maxLength: 128,
    pattern: '^[^\\x00-\\x1f\\x7f-\\x9f]*$',
    description: 'A member, by name or NodeId',
    ...said,
  });

/** Text of the node. */
export const words = (said: Said = {}) => Type.String({ ...said });

/** A whole number of up to 18 digits above 0, as a number or, beyond 2^53, as decimal text. */
export const whole = (said: Said = {}) =>
  Type.Union([Type.Integer({ minimum: 1 }), Type.String({ pattern: '^(?=.*[1-9])[0-9]{1,18}$' })], {
    ...said,
  });

/** A whole number from 0 or `minimum`, such as of things, bytes or milliseconds. */
export const count = (said: Said & { readonly minimum?: number; readonly maximum?: number } = {}) =>
  Type.Integer({ minimum: 0, ...said });

/** Any number, such as a measured time. */
export const number = (said: Said & { readonly minimum?: number; readonly maximum?: number } = {}) =>
  Type.Number({ ...said });

/** Bytes in hex. */
export const hex = (said: Said & { readonly maxLength?: number } = {}) =>
  Type.String({ pattern: '^(?:[0-9a-f]{2})*$', ...said });

/** A whole number as decimal text: JSON numbers end at 2^53. */
export const decimal = (said: Said = {}) => Type.String({ pattern: '^-?[0-9]+$', ...said });

/** One of some texts. */
export const oneOf = <const Names extends readonly string[]>(
  names: Names,
  said: Said = {},
): TEnum<Mutable<Names>> => Type.Enum([...names], { ...said }) as unknown as TEnum<Mutable<Names>>;

type Mutable<Names extends readonly string[]> = { -readonly [At in keyof Names]: Names[At] } & string[];

/** A field that may be left out. */
export const optional = <Field extends TSchema>(field: Field) => Type.Optional(field);

/** Something, or null. */
export const nullable = <Field extends TSchema>(field: Field) => Type.Union([field, Type.Null()]);

/** A switch. */
export const flag = (said: Said = {}) => Type.Boolean({ ...said });

/** A JSON object whose fields are its owner's business. */
export const record = (said: Said = {}) => Type.Record(Type.String(), Type.Unknown(), { ...said });

/** Values by name. */
export const mapOf = <Value extends TSchema>(value: Value, said: Said = {}) =>
  Type.Record(Type.String(), value, { ...said });
