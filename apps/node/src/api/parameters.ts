import type { AnyRoute } from '@hypermesh/client';
import { misfitOf, type Schema } from '@hypermesh/client/routes';
import { NodeError } from '../errors.ts';
import { badCall } from './body.ts';

/** Most names and values in a query. */
const maxQueryPairs = 256;

/** The parameters of a call: those of the path and of the query or the body, made one, and checked by the route's schema. */
export function parametersOf(
  { method, input, body }: AnyRoute,
  given: {
    readonly path: Readonly<Record<string, string>>;
    readonly query: URLSearchParams;
    readonly body: Readonly<Record<string, unknown>>;
  },
): Readonly<Record<string, unknown>> {
  const schema = input as unknown as Schema;
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
  const takesQuery = method === 'GET' || method === 'DELETE';
  if (!takesQuery && given.query.size > 0) throw badCall('parameters of this route belong into the body');
  const rest = body === undefined ? given.body : { [body]: given.body };
  const params: Record<string, unknown> = {
    ...(takesQuery ? queryOf(given.query, properties) : rest),
    ...Object.fromEntries(
      Object.entries(given.path).map(([name, text]) => [name, read(text, properties[name])]),
    ),
  };
  for (const name of Object.keys(given.path))
    if (!takesQuery && Object.hasOwn(given.body, name) && body === undefined)
      throw badCall(`${name} stands in the path already`);
  const misfit = misfitOf(schema, params);
  if (misfit === undefined) return params;
  throw new NodeError(
    { code: 'node/bad-flag', flag: misfit.path, next: `give ${misfit.expected}` },
    `${misfit.path === '' ? 'the call' : misfit.path} must be ${misfit.expected}`,
  );
}

function queryOf(
  query: URLSearchParams,
  properties: Readonly<Record<string, Schema>>,
): Readonly<Record<string, unknown>> {
  if (query.size > maxQueryPairs) throw badCall(`more than ${maxQueryPairs} parameters`);
  const params = new Map<string, unknown>();
  for (const name of new Set(query.keys())) {
    if (!Object.hasOwn(properties, name)) {
      params.set(name, query.get(name));
      continue;
    }
    const schema = properties[name];
    const values = query.getAll(name);
    if (schema?.['type'] === 'array') {
      params.set(
        name,
        values.map((text) => read(text, schema['items'] as Schema)),
      );
      continue;
    }
    if (values.length > 1) throw badCall(`${name} is given more than once`);
    params.set(name, read(values[0] ?? '', schema));
  }
  return Object.fromEntries(params);
}

/** A text of a path or a query as its schema wants it; one that does not read so stays text, and does not fit then. */
function read(text: string, schema: Schema | undefined): unknown {
  const type = schema?.['type'];
  if ((type === 'integer' || type === 'number') && /^-?\d{1,16}(?:\.\d{1,6})?$/.test(text))
    return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
