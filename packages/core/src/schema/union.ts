import { isBytes } from '../bytes.ts';
import { isLink } from '../codec/encode.ts';
import { CoreError } from '../failure.ts';
import { isMap } from './containers.ts';
import { type Infer, type Kind, type LiteralValue, Mismatch, type Schema } from './schema.ts';

type Choose = (value: unknown) => Schema<unknown> | undefined;

function kindOf(value: unknown): Kind | undefined {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return 'integer';
    case 'string':
      return 'text';
    case 'boolean':
      return 'bool';
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return 'array';
      if (isBytes(value)) return 'bytes';
      if (isLink(value)) return 'link';
      return 'map';
    default:
      return undefined;
  }
}

function literalOf(schema: Schema<unknown>, name: string): LiteralValue | undefined {
  const field =
    schema.fields !== undefined && Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
  return field?.isOptional ? undefined : field?.literal;
}

/** Chooses by a field that is a different literal in each variant. */
function byField(variants: readonly Schema<unknown>[]): Choose | undefined {
  for (const name of Object.keys(variants[0]?.fields ?? {})) {
    const table = new Map<unknown, Schema<unknown>>();
    for (const variant of variants) {
      const literal = literalOf(variant, name);
      if (literal !== undefined) table.set(literal, variant);
    }
    if (table.size !== variants.length) continue;
    return (value) => (isMap(value) && Object.hasOwn(value, name) ? table.get(value[name]) : undefined);
  }
  return undefined;
}

/** Chooses among literals by the value itself. */
function byValue(variants: readonly Schema<unknown>[]): Choose | undefined {
  const table = new Map<unknown, Schema<unknown>>();
  for (const variant of variants) {
    if (variant.literal !== undefined) table.set(variant.literal, variant);
  }
  return table.size === variants.length ? (value) => table.get(value) : undefined;
}

/**
 * One of several: records told apart by a field that is a different literal in each, literals by their value, anything
 * else by its kind on the wire. Throws `core/ambiguous-union` when built if the variants cannot be told apart so. A
 * value is read by one variant only, so that a refusal names the real place.
 */
export function union<const V extends readonly [Schema<unknown>, ...Schema<unknown>[]]>(
  ...variants: V
): Schema<Infer<V[number]>> {
  const flat = variants.flatMap((variant) => variant.variants ?? [variant]);
  const choices = new Map<Kind, Choose>();
  for (const kind of new Set(flat.flatMap((variant) => variant.kinds))) {
    const rivals = flat.filter((variant) => variant.kinds.includes(kind));
    const only = rivals[0] as Schema<unknown>;
    const choose = rivals.length === 1 ? () => only : (byValue(rivals) ?? byField(rivals));
    if (choose === undefined) {
      throw new CoreError(
        { code: 'core/ambiguous-union', kind },
        `variants of kind ${kind} cannot be told apart`,
      );
    }
    choices.set(kind, choose);
  }
  return {
    kinds: [...choices.keys()],
    variants: flat,
    read(value, fresh) {
      const kind = kindOf(value);
      const variant = kind === undefined ? undefined : choices.get(kind)?.(value);
      return variant === undefined ? new Mismatch('no-variant') : variant.read(value, fresh);
    },
  };
}
