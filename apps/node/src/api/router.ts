import type { AnyRoute } from '@hypermesh/client';
import { TrieRouter } from 'hono/router/trie-router';

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
  const router = new TrieRouter<Named<Handle>>();
  const methods = new Set<string>();
  // Of those that fit, the router answers the one first that was added first.
  for (const entry of [...entries].sort((a, b) => fixedSegments(b) - fixedSegments(a))) {
    const { method, path } = entry.route;
    methods.add(method);
    router.add(method, patternOf(path), entry);
  }
  const first = (method: string, pathname: string) => {
    // Others mean things of their own to the router.
    if (!methods.has(method)) return undefined;
    for (const [entry, found] of router.match(method, pathname)[0]) {
      const path = decoded(found as Readonly<Record<string, string>>);
      if (path !== undefined) return { entry, path };
    }
    return undefined;
  };
  return {
    find(method, pathname) {
      // To the router a slash at the end is nothing; here it is another path.
      if (pathname.endsWith('/')) return undefined;
      const found = first(method === 'HEAD' ? 'GET' : method, pathname);
      if (found !== undefined) return found;
      const allow = [...methods].filter((each) => first(each, pathname) !== undefined);
      if (allow.includes('GET')) allow.push('HEAD');
      return allow.length === 0 ? undefined : { allow };
    },
  };
}

const fixedSegments = ({ route }: Named<unknown>): number =>
  route.path.split('/').filter((segment) => !segment.startsWith('{')).length;

const isParameter = (segment: string): boolean => /^\{\w+\}$/.test(segment);

/** Whether each segment of a path is a parameter, or stays what it is in every request that can mean it. */
export const isRoutable = (path: string): boolean =>
  path.split('/').every((segment) => isParameter(segment) || !/[^\w.~@-]/.test(segment));

/** A path of the table in the router's words. Throws where a fixed segment would be a pattern there. */
function patternOf(path: string): string {
  if (!isRoutable(path)) throw new TypeError(`${path} has a segment that is neither fixed nor a parameter`);
  const segments = path.split('/');
  return segments.map((each) => (isParameter(each) ? `:${each.slice(1, -1)}` : each)).join('/');
}

function decoded(found: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const path: Record<string, string> = {};
  for (const [name, text] of Object.entries(found)) {
    try {
      path[name] = decodeURIComponent(text);
    } catch {
      return undefined;
    }
    if (path[name] === '') return undefined;
  }
  return path;
}
