import { type AnyRoute, shapes, Type } from '@hypermesh/client/routes';
import type { ExtensionInfo, OperationInfo } from '@hypermesh/extension-sdk/host';
import type { RouteEntry } from '../api/methods/method.ts';
import { callOperation } from './call.ts';
import type { Extensions } from './service.ts';

/**
 * A route for each operation of what serves, with the schemas that its manifest tells: for the description of the API.
 * Calls themselves are taken by the route that names the operation in its path, and their input is checked by the
 * extension: what its author wrote as a schema is shown, and never run in this process.
 */
export function operationRoutes(
  extensions: () => Extensions,
  loaded: readonly ExtensionInfo[],
): readonly RouteEntry[] {
  return loaded
    .filter(({ state }) => state === 'active')
    .flatMap(({ id, name, operations }) =>
      operations.map((operation) => ({
        id: `extension-call:${id}:${operation.name}`,
        route: routeOf(id, name, operation),
        handle: async (_services, { params, signal, tell }) => ({
          result: await callOperation(
            extensions(),
            { id, method: operation.name, input: params['input'] },
            { signal, tell },
          ),
        }),
      })),
    );
}

function routeOf(
  id: string,
  title: string,
  { name, summary, input, output, proof, needs }: OperationInfo,
): AnyRoute {
  const told = [
    `Operation of the extension ${title}.`,
    ...(needs.length === 0 ? [] : [`It uses ${needs.join(', ')}.`]),
    ...(proof ? ['It needs a proof of all four parts, which this route cannot carry.'] : []),
  ];
  const schemaOf = (told_: object | undefined) => (told_ ?? {}) as ReturnType<typeof Type.Unknown>;
  return {
    method: 'POST',
    path: `/v1/extensions/${id}/call/${name}`,
    summary: summary ?? name,
    description: told.join(' '),
    input: shapes.object({ input: input === undefined ? Type.Optional(Type.Unknown()) : schemaOf(input) }),
    output: shapes.object({ result: schemaOf(output) }),
    progress: true,
  };
}
