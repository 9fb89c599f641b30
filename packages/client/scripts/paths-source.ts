import type { AnyRoute } from '../src/table/route.ts';

/** The source of `paths.ts` for a table of routes, one line each in the order of their names. */
export function pathsSource(routes: Readonly<Record<string, AnyRoute>>): string {
  const lines = Object.entries(routes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { method, path, progress, body }]) => {
      const more = [
        ...(progress === true ? ['progress: true'] : []),
        ...(body === undefined ? [] : [`body: '${body}'`]),
      ];
      const name = /^[a-z]+$/.test(id) ? id : `'${id}'`;
      return `  ${name}: { ${[`method: '${method}'`, `path: '${path}'`, ...more].join(', ')} },`;
    });
  return [
    '/*',
    ' * Written from the table of routes by `node --conditions=@hypermesh/source packages/client/scripts/write-table.ts`: what a',
    ' * call needs to know of each route, without the schemas, so that a page in a browser stays small. A test compares it.',
    ' */',
    "import type { CalledRoute } from '../request.ts';",
    "import type { RouteId } from '../routes/table.ts';",
    '',
    '/** Where each route is. */',
    '// biome-ignore format: one line a route',
    'export const paths: { readonly [Id in RouteId]: CalledRoute } = {',
    ...lines,
    '};',
    '',
  ].join('\n');
}
