import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pathsSource } from '../scripts/paths-source.ts';
import { referenceSource } from '../scripts/reference-source.ts';
import { topics } from '../src/events/topics.ts';
import { routes } from '../src/routes/table.ts';
import { keywords, misfitOf, type Schema } from '../src/table/check.ts';
import type { AnyRoute } from '../src/table/route.ts';

const entries = Object.entries(routes) as [string, AnyRoute][];
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** Every schema within one. */
function* within(schema: Schema): Generator<Schema> {
  yield schema;
  for (const key of ['items', 'additionalProperties'])
    if (typeof schema[key] === 'object') yield* within(schema[key] as Schema);
  for (const each of (schema['anyOf'] ?? []) as Schema[]) yield* within(each);
  for (const each of Object.values((schema['properties'] ?? {}) as Record<string, Schema>))
    yield* within(each);
}

describe('the table of routes', () => {
  it.each(entries)('has %s in the form of all others', (id, route) => {
    expect(id).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
    expect(route.path).toMatch(/^\/v1(?:\/(?:[a-z]+(?:-[a-z]+)*|\{[a-z][A-Za-z]*\}))+$/);
    expect(route.summary).toMatch(/^[A-Z].*[^.]$/);
    const input = route.input as unknown as Schema;
    expect(input['additionalProperties']).toBe(false);
    const fields = Object.keys(input['properties'] as object);
    const required = (input['required'] ?? []) as readonly string[];
    for (const [, name = ''] of route.path.matchAll(/\{([^}]+)\}/g)) expect(required).toContain(name);
    if (route.body !== undefined) expect(fields).toContain(route.body);
    if (route.reads) expect(route.method).toBe('POST');
    if (route.secret) expect(route.method).toBe('GET');
  });

  it.each([
    ['run', 'on'],
    ['run', 'audit'],
    ['prepare-lease', 'on'],
    ['execute', 'on'],
    ['rerun', 'on'],
    ['memory-grant', 'to'],
    ['transfer', 'to'],
    ['explain-claim', 'requester'],
    ['operations', 'account'],
  ] as const)(
    'takes as a member, in %s as %s, nothing that is empty, too long or has control characters',
    (id, field) => {
      const schema = (routes[id].input as unknown as { readonly properties: Record<string, Schema> })
        .properties[field] as Schema;
      for (const name of ['amber', 'Amber', `bafyrei${'a'.repeat(52)}`])
        expect(misfitOf(schema, name)).toBeUndefined();
      for (const name of ['', 'a'.repeat(129), 'amber\n', 'am\u0000ber', '\u001b[2J', 'a\u009bm'])
        expect(misfitOf(schema, name)?.expected).toContain('from 1 to 128 characters, no control characters');
    },
  );

  it('lets the read-only token ask exactly this beside what is plainly read', () => {
    const marked = (mark: 'reads' | 'secret' | 'heavy') =>
      entries.filter(([, route]) => route[mark] === true).map(([id]) => id);
    expect(marked('reads').sort()).toEqual(['missing', 'plan-install', 'plan-policy']);
    expect(marked('secret').sort()).toEqual(['invitations', 'memory-read']);
    expect(marked('heavy').sort()).toEqual(
      ['explain', 'extension-audit-verify', 'plan-install', 'verify', 'versions'].sort(),
    );
  });

  it('names each method of a path once, and no two paths that mean the same', () => {
    const shapes = entries.map(([, { method, path }]) => `${method} ${path.replace(/\{[^}]+\}/g, '*')}`);
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it.each(entries)('bounds every text and every list that %s takes', (_, { input }) => {
    for (const schema of within(input as unknown as Schema)) {
      if (schema['type'] === 'string')
        expect(schema['maxLength'] ?? schema['pattern'] ?? schema['const'] ?? schema['enum']).toBeDefined();
      if (schema['type'] === 'array') expect(schema['maxItems']).toBeDefined();
    }
  });

  it('says nothing in its schemas that the check does not read', () => {
    const known = new Set([...keywords, 'description']);
    const all = [
      ...entries.flatMap(([, { input, output }]) => [input, output]),
      ...Object.values(topics).map(({ data }) => data),
    ];
    for (const schema of all)
      for (const each of within(schema as unknown as Schema))
        for (const keyword of Object.keys(each)) expect(known).toContain(keyword);
  });

  it('is the source of the paths that callers use, and of docs/api.md', () => {
    const advice = 'run: node --conditions=@hypermesh/source packages/client/scripts/write-table.ts';
    expect(read('../src/table/paths.ts'), advice).toBe(pathsSource(routes));
    expect(read('../../../docs/api.md'), advice).toBe(referenceSource(routes));
  });
});
