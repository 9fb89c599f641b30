import { topics } from '../src/events/topics.ts';
import type { AnyRoute } from '../src/table/route.ts';

/** The text of docs/api.md for a table of routes. */
export function referenceSource(routes: Readonly<Record<string, AnyRoute>>): string {
  const groups = new Map<string, [string, AnyRoute][]>();
  for (const [id, route] of Object.entries(routes)) {
    const group = route.path.split('/')[2] ?? '';
    groups.set(group, [...(groups.get(group) ?? []), [id, route]]);
  }
  const sections = [...groups].flatMap(([group, entries]) => [
    `## /v1/${group}`,
    '',
    '| route | request | takes | what it does |',
    '| --- | --- | --- | --- |',
    ...entries.map(([id, route]) => row(id, route)),
    '',
  ]);
  return [
    '# The HTTP API',
    '',
    '<!-- Written by packages/client/scripts/write-table.ts from the table of routes; a test fails when it is stale. -->',
    '',
    'Every route of a node, by its path. What the path does not take is the query of GET and DELETE, or the JSON body of POST and PUT; fields in brackets may be left out. `GET /openapi.json` has the schemas of what goes in and out. Marks: **r** the read-only token suffices, **p** tells its progress with `Accept: text/event-stream`, **e** answers before there is a ledger. How to call them from a program: [@hypermesh/client](../packages/client/README.md); how a node serves them: [apps/node](../apps/node/README.md).',
    '',
    'An error is `{ "error": { "code", "message", "next", … } }` with a status; branch on the code. Besides there are `GET /metrics` (Prometheus), `GET /openapi.json`, and without a token `GET /health` and `GET /ready`.',
    '',
    ...sections,
    '## Events',
    '',
    '`GET /v1/events?topics=blocks,runs` is a stream of server-sent events: the name of each is its topic, its data `{ atMs, data }`. `Last-Event-ID` goes on after an event; `dropped` says that some were missed, because the reader was too slow (`slow`), was away too long (`gone`), or the node began anew (`restart`).',
    '',
    '| topic | tells |',
    '| --- | --- |',
    ...Object.entries(topics).map(([name, { summary }]) => `| \`${name}\` | ${summary} |`),
    '',
  ].join('\n');
}

function row(id: string, { method, path, summary, input, progress, early, secret, reads }: AnyRoute): string {
  const inPath = new Set([...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name));
  const required = new Set((input as { readonly required?: readonly string[] }).required ?? []);
  const fields = Object.keys(input.properties)
    .filter((name) => !inPath.has(name))
    .map((name) => (required.has(name) ? `\`${name}\`` : `[\`${name}\`]`));
  const isReading = (method === 'GET' && secret !== true) || reads === true;
  const marks = [...(isReading ? ['r'] : []), ...(progress ? ['p'] : []), ...(early ? ['e'] : [])];
  const marked = marks.length === 0 ? '' : ` **${marks.join(' ')}**`;
  return `| \`${id}\`${marked} | \`${method} ${path}\` | ${fields.join(', ')} | ${summary} |`;
}
