import { type TProperties, Type } from 'typebox';

/** An object with these fields and no others. */
export const object = <Fields extends TProperties>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false });

/** Text that somebody gives: 1 to 4096 characters. */
export const text = (options: { readonly description?: string } = {}) =>
  Type.String({ minLength: 1, maxLength: 4096, ...options });

/** A whole number of up to 18 digits above 0, as a number or, beyond 2^53, as decimal text. */
export const whole = (options: { readonly description?: string } = {}) =>
  Type.Union([Type.Integer({ minimum: 1 }), Type.String({ pattern: '^[0-9]{1,18}$' })], options);

/** Bytes in hex. */
export const hex = (options: { readonly description?: string; readonly maxLength?: number } = {}) =>
  Type.String({ pattern: '^(?:[0-9a-f]{2})*$', ...options });

/** A whole number as decimal text: JSON numbers end at 2^53. */
export const decimal = (options: { readonly description?: string } = {}) =>
  Type.String({ pattern: '^-?[0-9]+$', ...options });

/** One of some texts. */
export const oneOf = <const Names extends readonly string[]>(
  names: Names,
  options: { readonly description?: string } = {},
) => Type.Enum(names as unknown as [...Names], options);

/** A JSON object whose fields are its owner's business. */
export const record = () => Type.Record(Type.String(), Type.Unknown());
