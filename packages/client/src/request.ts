import { ClientError } from './errors.ts';
import type { Body } from './events/stream.ts';
import type { Method } from './table/route.ts';

/** The part of `fetch` that a client uses: hand in another one to reach a node over another way. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly signal?: AbortSignal;
    readonly redirect?: 'error';
    readonly credentials?: 'omit';
    readonly cache?: 'no-store';
    readonly referrerPolicy?: 'no-referrer';
  },
) => Promise<Answered>;

/** What a `Fetch` gives: a status, headers, and a body that is read once. */
export interface Answered {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: Body | null;
}

/** The part of a route that a call needs. */
export interface CalledRoute {
  readonly method: Method;
  readonly path: string;
  readonly progress?: true;
  /** The parameter that is the whole body. */
  readonly body?: string;
}

/** Where a call goes, and what it carries. */
export interface CallTarget {
  readonly path: string;
  readonly body?: string;
}

/** Puts parameters where a route wants them: the path, then the query or the body. Throws `client/bad-input`. */
export function targetOf({ method, path, body }: CalledRoute, params: object): CallTarget {
  const rest = new Map(Object.entries(params).filter(([, value]) => value !== undefined));
  const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = rest.get(name);
    rest.delete(name);
    return segment(name, value);
  });
  if (method === 'POST' || method === 'PUT')
    return {
      path: filled,
      body: JSON.stringify(body === undefined ? Object.fromEntries(rest) : (rest.get(body) ?? {}), plain),
    };
  const query = new URLSearchParams();
  for (const [name, value] of rest)
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
  return { path: rest.size === 0 ? filled : `${filled}?${query}` };
}

function segment(name: string, value: unknown): string {
  const text =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
  // A segment of dots is taken away by every URL parser, however it is written.
  if (text !== '' && text !== '.' && text !== '..' && text.isWellFormed()) return encodeURIComponent(text);
  throw new ClientError(
    { code: 'client/bad-input', parameter: name, next: `give ${name}` },
    `${name} must be a text or a number`,
  );
}

const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
