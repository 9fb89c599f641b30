/** Where a value does not fit its schema: a path such as `specs.0`, empty for the whole, and what belongs there. */
export interface Misfit {
  readonly path: string;
  readonly expected: string;
}

/** A JSON Schema, as far as `misfitOf` reads it: the keywords in `keywords`. */
export type Schema = Readonly<Record<string, unknown>>;

/** What is read of a schema; anything else in it says nothing of what fits. */
export const keywords: readonly string[] = [
  'type',
  'const',
  'enum',
  'anyOf',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'pattern',
  'minimum',
  'maximum',
];

/** The first place where a JSON value does not fit, or undefined. Values come from JSON: no cycles, no undefined. */
export function misfitOf(schema: Schema, value: unknown, path = ''): Misfit | undefined {
  const misfit = { path, expected: expectedBy(schema) };
  if (Array.isArray(schema['anyOf'])) {
    const inner = (schema['anyOf'] as Schema[]).map((each) => misfitOf(each, value, path));
    if (!inner.includes(undefined)) return nearest(inner, path) ?? misfit;
  }
  if ('const' in schema && value !== schema['const']) return misfit;
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) return misfit;
  const { type } = schema;
  if (type !== undefined && !isOf(type, value)) return misfit;
  if (typeof value === 'string') return fitsText(schema, value) ? undefined : misfit;
  if (typeof value === 'number') return fitsNumber(schema, value) ? undefined : misfit;
  if (Array.isArray(value)) return listMisfit(schema, value, misfit);
  if (typeof value === 'object' && value !== null)
    return objectMisfit(schema, value as Readonly<Record<string, unknown>>, path);
  return undefined;
}

/** Of the ways in which no choice fits, the one that got furthest into the value: that is the choice which was meant. */
function nearest(misfits: readonly (Misfit | undefined)[], path: string): Misfit | undefined {
  const deeper = misfits.filter((each) => each !== undefined && each.path.length > path.length);
  return deeper.length === 1 ? deeper[0] : undefined;
}

function isOf(type: unknown, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

const patterns = new Map<string, RegExp>();

function fitsText({ minLength, maxLength, pattern }: Schema, value: string): boolean {
  // JSON Schema counts code points; of them there are at most as many as units, and at least half as many.
  const length = () => [...value].length;
  if (
    typeof maxLength === 'number' &&
    value.length > maxLength &&
    (value.length > 2 * maxLength || length() > maxLength)
  )
    return false;
  if (typeof minLength === 'number' && (value.length < minLength || length() < minLength)) return false;
  if (typeof pattern !== 'string') return true;
  let known = patterns.get(pattern);
  if (known === undefined) {
    known = new RegExp(pattern, 'u');
    patterns.set(pattern, known);
  }
  return known.test(value);
}

const fitsNumber = ({ minimum, maximum }: Schema, value: number): boolean =>
  !(typeof minimum === 'number' && value < minimum) && !(typeof maximum === 'number' && value > maximum);

function listMisfit(schema: Schema, value: readonly unknown[], misfit: Misfit): Misfit | undefined {
  const { items, minItems, maxItems } = schema;
  if (typeof minItems === 'number' && value.length < minItems) return misfit;
  if (typeof maxItems === 'number' && value.length > maxItems) return misfit;
  if (items === undefined) return undefined;
  for (let at = 0; at < value.length; at++) {
    const found = misfitOf(items as Schema, value[at], joined(misfit.path, String(at)));
    if (found !== undefined) return found;
  }
  return undefined;
}

function objectMisfit(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  path: string,
): Misfit | undefined {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
  const { additionalProperties } = schema;
  for (const name of (schema['required'] ?? []) as readonly string[]) {
    if (Object.hasOwn(value, name)) continue;
    return { path: joined(path, name), expected: expectedBy(properties[name] ?? {}) };
  }
  for (const name of Object.keys(value)) {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (own === undefined && additionalProperties === false)
      return { path: joined(path, name), expected: 'nothing: there is no such field' };
    const rule =
      own ?? (typeof additionalProperties === 'object' ? (additionalProperties as Schema) : undefined);
    const found = rule === undefined ? undefined : misfitOf(rule, value[name], joined(path, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** What a schema asks for, in words. */
function expectedBy(schema: Schema): string {
  const { type, description } = schema;
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum'])) return `one of ${schema['enum'].join(', ')}`;
  if (Array.isArray(schema['anyOf'])) {
    const choices = [...new Set((schema['anyOf'] as Schema[]).map(expectedBy))];
    return choices.join(', or ');
  }
  const hint = typeof description === 'string' ? ` (${description})` : '';
  if (type === 'string') return `${textWords(schema)}${hint}`;
  if (type === 'integer' || type === 'number') return `${numberWords(schema)}${hint}`;
  if (type === 'boolean') return 'true or false';
  if (type === 'null') return 'null';
  if (type === 'array') return `a list${rangeWords(schema['minItems'], schema['maxItems'], ' items')}`;
  return type === 'object' ? 'an object' : 'a value';
}

function textWords({ minLength, maxLength, pattern }: Schema): string {
  if (pattern === '^(?:[0-9a-f]{2})*$') return 'bytes in hex';
  if (typeof pattern === 'string' && /\[0-9\]/.test(pattern)) return 'a whole number as text';
  const plain = typeof pattern === 'string' && pattern.includes('\\x00') ? ', no control characters' : '';
  return `a text${rangeWords(minLength, maxLength, ' characters')}${plain}`;
}

const numberWords = ({ type, minimum, maximum }: Schema): string =>
  `${type === 'integer' ? 'a whole number' : 'a number'}${rangeWords(minimum, maximum, '')}`;

function rangeWords(least: unknown, most: unknown, unit: string): string {
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}${unit}`;
  if (least !== undefined) return ` from ${least}${unit}`;
  return most === undefined ? '' : ` of at most ${most}${unit}`;
}
