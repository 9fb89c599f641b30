import type { DecodeReason } from '../codec/value.ts';

/** The kinds that the wire tells apart; a union picks its variant by them. */
export type Kind = 'integer' | 'text' | 'bytes' | 'bool' | 'null' | 'array' | 'map' | 'link';

/** What a literal may be. */
export type LiteralValue = string | number | boolean | null;

declare const type: unique symbol;

/**
 * The description of a `T` on the wire. Made by the functions of `s` alone; what is inside is theirs. Stateless and
 * reusable; it knows nothing of the bytes, which are read first.
 */
export interface Schema<out T> {
  readonly [type]?: T;
  /** The kinds of value that may fit. */
  readonly kinds: readonly Kind[];
  /** The only value that fits, where there is only one. */
  readonly literal?: LiteralValue;
  /** Fields of a record. */
  readonly fields?: Fields;
  /** Variants of a union. */
  readonly variants?: readonly Schema<unknown>[];
  /** Whether the field of a record may be absent. */
  readonly isOptional?: boolean;
  /**
   * The value, as this schema gives it out, or why it does not fit. `fresh` says that the value came out of the decoder
   * and belongs to the reader: small integers of wide fields are then widened in place.
   */
  readonly read: (value: unknown, fresh: boolean) => unknown;
}

/** The fields of a record, by name. */
export type Fields = Readonly<Record<string, Schema<unknown>>>;

/** A field that may be absent. */
export interface OptionalSchema<out T> extends Schema<T> {
  readonly isOptional: true;
}

/** What a schema describes. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/** The type of a record with these fields: optional ones may be absent, and are never undefined. */
export type InferFields<F extends Fields> = Flat<
  { readonly [K in keyof F as F[K] extends { readonly isOptional: true } ? never : K]: Infer<F[K]> } & {
    readonly [K in keyof F as F[K] extends { readonly isOptional: true } ? K : never]?: Infer<F[K]>;
  }
>;

type Flat<T> = { readonly [K in keyof T]: T[K] };

/** Why and where a value does not fit; made on the way out, so that a fit costs nothing. */
export class Mismatch {
  readonly reason: DecodeReason;
  readonly steps: (string | number)[] = [];

  constructor(reason: DecodeReason) {
    this.reason = reason;
  }

  /** The same refusal, seen from the value that holds it. */
  under(step: string | number): this {
    this.steps.push(step);
    return this;
  }

  /** `$`, then `.key` and `[index]` down to the culprit. */
  get path(): string {
    return `$${this.steps
      .toReversed()
      .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
      .join('')}`;
  }
}
