import type { TObject, TSchema } from 'typebox';
import { topics } from '../events/topics.ts';
import type { AnyRoute } from './route.ts';

/** What an OpenAPI document is made of. */
export interface OpenApiOptions {
  readonly version: string;
  readonly routes: Readonly<Record<string, AnyRoute>>;
  /** Where the node answers. */
  readonly url?: string;
}

/** The error that every route may answer. */
const problem = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', description: 'Stable: branch on it' },
        message: { type: 'string', description: 'For people; never parsed' },
        next: { type: 'string', description: 'What to do about it' },
      },
    },
  },
};

/** The OpenAPI 3.1 document of a table of routes, with the streams and checks that a node answers beside them. */
export function openApi({ version, routes, url }: OpenApiOptions): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [id, entry] of Object.entries(routes)) {
    const path = paths[entry.path] ?? {};
    path[entry.method.toLowerCase()] = operationOf(id, entry);
    paths[entry.path] = path;
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'HyperMesh node',
      version,
      summary: 'What a node of the mesh answers to its owner',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    ...(url === undefined ? {} : { servers: [{ url }] }),
    security: [{ token: [] }],
    paths: { ...paths, ...besides() },
    components: {
      schemas: { Problem: problem },
      responses: {
        Problem: {
          description: 'It could not be done; `error.code` says why',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'The text of api-token, or of api-token-read, in the data directory of the node',
        },
      },
    },
  };
}

function operationOf(
  id: string,
  { method, path, summary, description, input, output, progress, secret, reads, heavy, body }: AnyRoute,
) {
  const inPath = new Set([...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name ?? ''));
  const fields = Object.entries(input.properties as Record<string, TSchema>);
  const required = new Set((input as TObject & { readonly required?: readonly string[] }).required ?? []);
  const isQuery = method === 'GET' || method === 'DELETE';
  const parameters = fields
    .filter(([name]) => inPath.has(name) || isQuery)
    .map(([name, schema]) => ({
      name,
      in: inPath.has(name) ? 'path' : 'query',
      required: inPath.has(name) || required.has(name),
      schema,
    }));
  const isReading = (method === 'GET' && secret !== true) || reads === true;
  return {
    operationId: id,
    summary,
    description: [
      ...(description === undefined ? [] : [description]),
      isReading ? 'The read-only token suffices.' : 'Needs the full token.',
      ...(isReading && heavy === true ? ['It makes the node work: rarely with that one.'] : []),
      ...(progress === true ? ['With `Accept: text/event-stream` it tells its progress on the way.'] : []),
    ].join(' '),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(isQuery ? {} : { requestBody: bodyOf(fields, inPath, required, body) }),
    responses: {
      200: {
        description: 'Done',
        content: {
          'application/json': { schema: output },
          ...(progress === true
            ? {
                'text/event-stream': {
                  schema: {
                    type: 'string',
                    description:
                      'Events `progress` { text, done, total, unit, rateBps }, then one `result` or `error`',
                  },
                },
              }
            : {}),
        },
      },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function bodyOf(
  fields: readonly (readonly [string, TSchema])[],
  inPath: ReadonlySet<string>,
  required: ReadonlySet<string>,
  body: string | undefined,
) {
  const own = fields.filter(([name]) => !inPath.has(name));
  const needed = own.filter(([name]) => required.has(name)).map(([name]) => name);
  const schema =
    body === undefined
      ? {
          type: 'object',
          properties: Object.fromEntries(own),
          ...(needed.length === 0 ? {} : { required: needed }),
          additionalProperties: false,
        }
      : own.find(([name]) => name === body)?.[1];
  return { required: needed.length > 0, content: { 'application/json': { schema } } };
}

/** What a node answers beside the table. */
function besides() {
  const text = (summary: string, type: string, description: string, id: string) => ({
    operationId: id,
    summary,
    responses: {
      200: { description, content: { [type]: { schema: { type: 'string' } } } },
      default: { $ref: '#/components/responses/Problem' },
    },
  });
  const alive = (summary: string, id: string, isReady: boolean) => ({
    operationId: id,
    summary,
    security: [],
    responses: {
      200: {
        description: 'It is',
        content: { 'application/json': { schema: { type: 'object', properties: { ok: { const: true } } } } },
      },
      ...(isReady ? { 503: { $ref: '#/components/responses/Problem' } } : {}),
    },
  });
  return {
    '/v1/events': {
      get: {
        ...text(
          'What happens, live',
          'text/event-stream',
          'One event each: its name is the topic, its data { atMs, data }; `dropped` says that some were missed',
          'events',
        ),
        parameters: [
          {
            name: 'topics',
            in: 'query',
            required: true,
            style: 'form',
            explode: false,
            schema: { type: 'array', minItems: 1, items: { type: 'string', enum: Object.keys(topics) } },
          },
          {
            name: 'Last-Event-ID',
            in: 'header',
            schema: { type: 'string' },
            description: 'Goes on after this event',
          },
        ],
      },
    },
    '/metrics': {
      get: text('Counters for Prometheus', 'text/plain', 'Exposition format 0.0.4', 'prometheus'),
    },
    '/openapi.json': { get: text('This document', 'application/json', 'OpenAPI 3.1', 'openapi') },
    '/health': { get: alive('Whether the process answers', 'health', false) },
    '/ready': { get: alive('Whether the ledger is there and applied', 'ready', true) },
  };
}
