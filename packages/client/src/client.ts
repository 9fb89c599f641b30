import { ClientError, type NodeSaid } from './errors.ts';
import { type FollowOptions, follow } from './events/follow.ts';
import { type Body, piecesOf, readEvents } from './events/stream.ts';
import type { DroppedEvent, LiveEvent, Topic } from './events/topics.ts';
import { type Answered, type CalledRoute, type Fetch, targetOf } from './request.ts';
import type { Input, Result, RouteId } from './routes/table.ts';
import { paths } from './table/paths.ts';

/** How far long work is: words, and where bytes move how many of how many. */
export interface Progress {
  readonly text: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: 'bytes';
  readonly rateBps?: number;
}

/** What a call may be told. */
export interface CallOptions {
  /** Aborting it cancels the call at the node. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how far long work is. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Where a node answers, and what shows that one may ask it. */
export interface ClientOptions {
  /** Such as `http://[::1]:4711`. */
  readonly url: string;
  readonly token: string;
  /** The `fetch` of this platform unless given. */
  readonly fetch?: Fetch;
}

/** Calls routes of one node. Holds no connection of its own. */
export interface Client {
  /** Calls a route by its id. Throws ClientError: the node's own code where it refused, `client/…` where it could not be asked. */
  call<Id extends RouteId>(id: Id, params: Input<Id>, options?: CallOptions): Promise<Result<Id>>;
  /** Calls a route that is not in the table, such as an operation of a loaded extension. */
  request(route: CalledRoute, params: object, options?: CallOptions): Promise<unknown>;
  /**
   * What happens on the node, from now on. Comes back by itself where the connection is lost, with what it missed or a `dropped` that says so;
   * throws where the node refuses it.
   */
  events<const T extends Topic>(
    topics: readonly T[],
    options?: FollowOptions,
  ): AsyncGenerator<{ [Each in T]: LiveEvent<Each> }[T] | DroppedEvent, void, undefined>;
}

/** Longest answer that is taken, bytes. */
const maxAnswerBytes = 256 * 1024 * 1024;

/** Makes a client of one node. */
export function createClient({
  url,
  token,
  fetch = globalThis.fetch as unknown as Fetch,
}: ClientOptions): Client {
  const base = url.replace(/\/+$/, '');

  /** Sends; rejects with the signal's reason where it aborted, else with why nobody answered. */
  async function send(
    method: string,
    { path, body }: { readonly path: string; readonly body?: string },
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Answered> {
    signal?.throwIfAborted();
    try {
      return await fetch(`${base}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
        redirect: 'error',
        credentials: 'omit',
        cache: 'no-store',
        referrerPolicy: 'no-referrer',
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw unreachable(base, cause);
    }
  }

  async function request(
    route: CalledRoute,
    params: object,
    { signal, onProgress }: CallOptions = {},
  ): Promise<unknown> {
    const isStreamed = route.progress === true && onProgress !== undefined;
    const accept = isStreamed ? 'text/event-stream, application/json' : 'application/json';
    const answered = await send(route.method, targetOf(route, params), { accept }, signal);
    try {
      if (isStreamOf(answered)) return await resultOf(answered.body, onProgress, base);
      const answer = await jsonOf(answered);
      if (answered.status >= 200 && answered.status < 300) return answer;
      throw refusalIn(answer, answered.status);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ClientError) throw error;
      throw unreachable(base, error);
    }
  }

  return {
    request,
    call: (id, params, options) => request(paths[id], params, options) as Promise<never>,
    events: (topics, options = {}) =>
      follow(async (afterId, signal) => {
        const path = `/v1/events?topics=${topics.join(',')}`;
        const last = afterId === undefined ? {} : { 'last-event-id': afterId };
        const answered = await send('GET', { path }, { accept: 'text/event-stream', ...last }, signal);
        if (answered.status === 200 && isStreamOf(answered))
          return answered.body as NonNullable<typeof answered.body>;
        throw refusalIn(await jsonOf(answered), answered.status);
      }, options) as AsyncGenerator<never, void, undefined>,
  };
}

const isStreamOf = ({ headers, body }: Answered): boolean =>
  body !== null && (headers.get('content-type') ?? '').startsWith('text/event-stream');

/** The result of a call that tells its progress on the way. */
async function resultOf(
  body: Body | null,
  onProgress: ((progress: Progress) => void) | undefined,
  base: string,
): Promise<unknown> {
  if (body === null) throw unreachable(base, undefined);
  for await (const { event, data } of readEvents(body)) {
    const value = parsed(data);
    if (event === 'progress') onProgress?.(value as Progress);
    if (event === 'result') return value;
    if (event === 'error') throw refusalIn(value, 200);
  }
  throw unreachable(base, undefined);
}

async function jsonOf({ body }: Answered): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const piece of body === null ? [] : piecesOf(body)) {
    bytes += piece.length;
    if (bytes > maxAnswerBytes) throw badAnswer(`more than ${maxAnswerBytes} bytes`);
    text += decoder.decode(piece, { stream: true });
  }
  return parsed(text + decoder.decode());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badAnswer('no JSON');
  }
}

/** The error that a node sent: `{ error: { code, message, next, … } }`. */
function refusalIn(answer: unknown, status: number): ClientError {
  const error = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined;
  if (typeof error !== 'object' || error === null) return badAnswer(`status ${status} without a reason`);
  const { message, ...failure } = error as Record<string, unknown>;
  const { code } = failure;
  if (typeof code !== 'string' || !code.includes('/')) return badAnswer(`status ${status} without a code`);
  return new ClientError(
    { status, ...failure } as unknown as NodeSaid,
    typeof message === 'string' ? message : code,
  );
}

function badAnswer(reason: string): ClientError {
  return new ClientError(
    { code: 'client/bad-answer', reason, next: 'see that a node of the same version answers there' },
    `What answered does not speak this API: ${reason}`,
  );
}

function unreachable(url: string, cause: unknown): ClientError {
  return new ClientError(
    { code: 'client/unreachable', url, next: 'see that the node runs (hypermesh up), then try again' },
    `No node answers at ${url}`,
    cause === undefined ? undefined : { cause },
  );
}
