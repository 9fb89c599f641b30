import type { AnyRoute, Method } from '@hypermesh/client';

/** A route with the name under which it is known. */
export interface Named<Handle> {
  readonly id: string;
  readonly route: AnyRoute;
  readonly handle: Handle;
}

/** What a path means: a route with its parameters, the methods that there are, or nothing. */
export type Found<Handle> =
  | { readonly entry: Named<Handle>; readonly path: Readonly<Record<string, string>> }
  | { readonly allow: readonly string[] }
  | undefined;

/** Finds routes by method and path. */
export interface Router<Handle> {
  find(method: string, pathname: string): Found<Handle>;
}

/** Makes a router over a table; where two paths fit, the one with more fixed segments is meant. */
export function createRouter<Handle>(entries: readonly Named<Handle>[]): Router<Handle> {
  const paths = new Map<
    string,
    { readonly segments: readonly string[]; readonly methods: Map<Method, Named<Handle>> }
  >();
  for (const entry of entries) {
    const { path, method } = entry.route;
    const known = paths.get(path) ?? { segments: path.slice(1).split('/'), methods: new Map() };
    known.methods.set(method, entry);
    paths.set(path, known);
  }
  const fixed = ({ segments }: { readonly segments: readonly string[] }) =>
    segments.filter((segment) => !segment.startsWith('{')).length;
  const ordered = [...paths.values()].sort((a, b) => fixed(b) - fixed(a));
  return {
    find(method, pathname) {
      const given = pathname.slice(1).split('/');
      const allow = new Set<string>();
      for (const { segments, methods } of ordered) {
        const path = match(segments, given);
        if (path === undefined) continue;
        const entry = methods.get((method === 'HEAD' ? 'GET' : method) as Method);
        if (entry !== undefined) return { entry, path };
        for (const each of methods.keys()) allow.add(each);
      }
      if (allow.has('GET')) allow.add('HEAD');
      return allow.size === 0 ? undefined : { allow: [...allow] };
    },
  };
}

function match(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== given.length) return undefined;
  const path: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    const text = given[at] ?? '';
    if (!segment.startsWith('{')) {
      if (segment !== text) return undefined;
      continue;
    }
    const value = decoded(text);
    if (value === undefined || value === '') return undefined;
    path[segment.slice(1, -1)] = value;
  }
  return path;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
