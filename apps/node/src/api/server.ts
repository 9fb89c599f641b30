import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Topic } from '@hypermesh/client';
import { openApi, routes, topicNames } from '@hypermesh/client/routes';
import { type Clock, type Log, silentMetrics } from '@hypermesh/core';
import type { Events } from '../events/hub.ts';
import { exposition, expositionFormatOf, expositionTypes } from '../monitor/metrics/exposition.ts';
import type { MetricsRegistry } from '../monitor/metrics/registry.ts';
import { eventStreamType, sendJson, sendProblem, startEvents } from './answers.ts';
import { badCall, bodyOf } from './body.ts';
import { answerStreamed, answerWhole, type Caller, wantsStream } from './call.ts';
import { apiHeaders } from './headers.ts';
import type { Pages } from './pages.ts';
import { parametersOf } from './parameters.ts';
import { problemOf, refuseCall } from './problem.ts';
import { createRateLimits, type Rate } from './rate-limits.ts';
import { createRouter, isRoutable, type Named, type Router } from './router.ts';
import { pageElsewhere, refuseCrossSite, refuseEmbedding, siteOf } from './site.ts';
import type { Access, Tokens } from './tokens.ts';

/** A way in: the socket of the owner, or the network. */
export type Door = 'socket' | 'network';

/** Does what a route is for. Parameters fit its schema. */
export type Handle = (params: Readonly<Record<string, unknown>>, caller: Caller) => Promise<unknown>;

/** What the API of a node is made of. */
export interface ApiParts {
  /** Every route of the table. */
  readonly entries: readonly Named<Handle>[];
  /** Routes that come and go; the same list again while nothing changed. */
  dynamicRoutes?(): readonly Named<Handle>[];
  readonly tokens: Tokens;
  readonly events: Events;
  /** Whether phase 2 is reached and the ledger applied. */
  isReady(): boolean;
  /** What /metrics shows, and what requests are counted in. */
  readonly metrics?: MetricsRegistry;
  /** The dashboard; looked for when it is first asked for. */
  pages?(): Promise<Pages | undefined>;
  readonly version: string;
  /** Names by which it may be asked beside those of this machine. */
  readonly names?: readonly string[];
  /** Whether every answer is held against its schema. */
  readonly isChecked?: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers requests of either door. */
export interface Api {
  /** Never rejects. `onBody` is called before the body is read. */
  handle(request: IncomingMessage, response: ServerResponse, door: Door, onBody?: () => void): Promise<void>;
  /** Ends the calls and streams that are open. */
  endAll(): void;
}

type Who = Access | 'anyone' | 'refused' | 'heavy';

/** How often each door may be asked, by what the token allows; without one, with a wrong one, and for heavy routes with the one that reads. */
const rates: Readonly<Record<Door, Readonly<Record<Who, Rate>>>> = {
  network: {
    full: { perSecond: 200, burst: 1_000 },
    read: { perSecond: 100, burst: 500 },
    anyone: { perSecond: 100, burst: 400 },
    refused: { perSecond: 1, burst: 20 },
    heavy: { perSecond: 2, burst: 20 },
  },
  socket: {
    full: { perSecond: 5_000, burst: 20_000 },
    read: { perSecond: 1_000, burst: 4_000 },
    anyone: { perSecond: 100, burst: 400 },
    refused: { perSecond: 5, burst: 50 },
    heavy: { perSecond: 2, burst: 20 },
  },
};

/** Methods that requests are counted by. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']);
/** Streams of events that are open at once at most, of both doors, and how many of them for who only reads: the owner finds room. */
const mostStreams: Readonly<Record<Access, number>> = { full: 64, read: 32 };
/** Calls with the read-only token that wait for their answers at most. */
const mostReading = 64;
/** Requests of one connection that wait for their answers at most. */
const mostPerConnection = 16;

/** Ends what a call that was answered left behind; made once, since it is told of each. */
const answered = new Error('the call was answered');

/** Makes the API of a node. */
export function createApi(parts: ApiParts): Api {
  const { entries, tokens, events, clock, log, isChecked = false } = parts;
  const { metrics = silentMetrics } = parts;
  const names = new Set(parts.names ?? []);
  const limits = createRateLimits(clock);
  const router = createRouter(entries);
  const answering = new Set<AbortController>();
  const open = new WeakMap<object, number>();
  const routeOf = new WeakMap<ServerResponse, string>();
  const streams: Record<Access, number> = { full: 0, read: 0 };
  let reading = 0;
  let dynamic: { readonly list: readonly Named<Handle>[]; readonly router: Router<Handle> } | undefined;
  let pages: Promise<Pages | undefined> | undefined;

  /** Aborts when the caller is gone before it was answered, or the node stops. */
  function signalOf(response: ServerResponse): AbortSignal {
    const ending = new AbortController();
    answering.add(ending);
    response.once('close', () => {
      answering.delete(ending);
      ending.abort(response.writableFinished ? answered : new Error('the caller went away'));
    });
    return ending.signal;
  }

  function dynamicRouter(): Router<Handle> | undefined {
    const list = parts.dynamicRoutes?.();
    if (list === undefined || list.length === 0) return undefined;
    if (dynamic?.list !== list) {
      // What others wrote must not keep the rest from being found.
      const fitting = list.filter(({ route }) => isRoutable(route.path));
      dynamic = { list, router: createRouter(fitting) };
    }
    return dynamic.router;
  }

  function spend(door: Door, who: Who): void {
    const retryAfterMs = limits.take(`${door}:${who}`, rates[door][who]);
    if (retryAfterMs === 0) return;
    throw refuseCall(
      {
        code: 'node/too-many-requests',
        retryAfterMs,
        next: `ask again in ${Math.ceil(retryAfterMs / 1000)} s`,
      },
      'Too many requests',
    );
  }

  function accessOf(request: IncomingMessage, door: Door): Access {
    const access = tokens.accessOf(request.headers.authorization);
    spend(door, access ?? 'refused');
    if (access !== undefined) return access;
    const next =
      'send Authorization: Bearer TOKEN, with the text of api-token in the data directory of the node';
    throw refuseCall({ code: 'node/unauthorized', next }, 'A token of this node is needed');
  }

  async function callRoute(
    request: IncomingMessage,
    response: ServerResponse,
    { pathname, query, access, door, onBody }: Asked,
  ): Promise<void> {
    const method = request.method ?? '';
    // The table comes first: what was written elsewhere neither hides a route nor runs a pattern of its own where one fits.
    const fixed = router.find(method, pathname);
    const found =
      fixed !== undefined && 'entry' in fixed ? fixed : (dynamicRouter()?.find(method, pathname) ?? fixed);
    if (found === undefined) throw noRoute(pathname);
    if ('allow' in found) throw noMethod(method, found.allow);
    const { entry } = found;
    const { route } = entry;
    routeOf.set(response, entry.id);
    const isReading = (route.method === 'GET' && route.secret !== true) || route.reads === true;
    if (access === 'read' && !isReading) {
      throw refuseCall(
        { code: 'node/read-only', next: 'use the token in api-token' },
        'The token only reads; this needs the full one',
      );
    }
    if (access === 'full') return await answerCall(request, response, found, { query, access, onBody });
    if (route.heavy === true) spend(door, 'heavy');
    if (reading >= mostReading) throw busy(`${mostReading} calls with the read-only token wait already`);
    reading++;
    try {
      await answerCall(request, response, found, { query, access, onBody });
    } finally {
      reading--;
    }
  }

  async function answerCall(
    request: IncomingMessage,
    response: ServerResponse,
    { entry, path }: { readonly entry: Named<Handle>; readonly path: Readonly<Record<string, string>> },
    { query, access, onBody }: Pick<Asked, 'query' | 'access' | 'onBody'>,
  ): Promise<void> {
    const { route } = entry;
    const takesBody = route.method === 'POST' || route.method === 'PUT';
    const body = takesBody ? await bodyOf(request, onBody) : {};
    const params = parametersOf(route, { path, query, body });
    const signal = signalOf(response);
    const answer = route.progress === true && wantsStream(request) ? answerStreamed : answerWhole;
    await answer(response, entry, (caller) => entry.handle(params, caller), { signal, access, isChecked });
  }

  async function followEvents(
    request: IncomingMessage,
    response: ServerResponse,
    { query, access }: Pick<Asked, 'query' | 'access'>,
  ): Promise<void> {
    const asked = (query.get('topics') ?? '').split(',');
    const wrong = asked.find((topic) => !topicNames.includes(topic as Topic));
    if (wrong !== undefined)
      throw badCall(`topics must be some of ${topicNames.join(', ')}, separated by commas`);
    if (streams.full + streams.read >= mostStreams.full || streams[access] >= mostStreams[access])
      throw busy(`${streams[access]} streams of events are open already`);
    if (request.method === 'HEAD') {
      // A stream without a body would never end.
      response.writeHead(200, { ...apiHeaders, 'content-type': eventStreamType }).end();
      return;
    }
    const signal = signalOf(response);
    const afterId = request.headers['last-event-id'];
    streams[access]++;
    try {
      const heard = events.subscribe(asked as Topic[], {
        signal,
        afterId: typeof afterId === 'string' ? afterId : undefined,
      });
      const stream = startEvents(response);
      for await (const { id, topic, atMs, data } of heard)
        await stream.send({ id, name: topic, data: { atMs, data } });
      stream.end();
    } finally {
      streams[access]--;
    }
  }

  function describe(response: ServerResponse): void {
    const all = [...entries, ...(parts.dynamicRoutes?.() ?? [])].map(({ id, route }) => [id, route] as const);
    sendJson(response, 200, openApi({ version: parts.version, routes: Object.fromEntries(all) }));
  }

  function answerMetrics(request: IncomingMessage, response: ServerResponse): void {
    if (parts.metrics === undefined) throw noRoute('/metrics');
    const format = expositionFormatOf(request.headers.accept);
    response.writeHead(200, { ...apiHeaders, 'content-type': expositionTypes[format] });
    response.end(exposition(parts.metrics, format));
  }

  async function answerPage(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
  ): Promise<void> {
    pages ??= parts.pages?.() ?? Promise.resolve(undefined);
    const found = await pages;
    if (found?.serve(request, response, pathname) !== true) throw noRoute(pathname);
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    door: Door,
    onBody: (() => void) | undefined,
  ): Promise<void> {
    const { pathname, query } = targetIn(request);
    if (door === 'network') {
      const elsewhere = pageElsewhere(siteOf(request.headers, names));
      if (elsewhere !== undefined) {
        spend(door, 'anyone');
        response.writeHead(307, { ...apiHeaders, location: elsewhere, 'content-length': 0 }).end();
        return;
      }
    } else if (request.headers.origin !== undefined) refuseCrossSite({ 'sec-fetch-site': 'cross-site' });
    const isApi = pathname.startsWith('/v1/') || pathname === '/metrics' || pathname === '/openapi.json';
    if (isApi) {
      refuseCrossSite(request.headers);
      const access = accessOf(request, door);
      if (pathname.startsWith('/v1/') && pathname !== '/v1/events')
        return await callRoute(request, response, { pathname, query, access, door, onBody });
      mustRead(request);
      if (pathname === '/v1/events') return await followEvents(request, response, { query, access });
      if (pathname === '/metrics') return answerMetrics(request, response);
      return describe(response);
    }
    refuseEmbedding(request.headers);
    spend(door, 'anyone');
    mustRead(request);
    if (pathname === '/health') return sendJson(response, 200, { ok: true });
    if (pathname === '/ready') {
      if (parts.isReady()) return sendJson(response, 200, { ok: true });
      throw refuseCall({ code: 'node/busy', next: 'ask again in a moment' }, 'The ledger is not there yet');
    }
    await answerPage(request, response, pathname);
  }

  return {
    async handle(request, response, door, onBody) {
      const { socket } = request;
      const waiting = (open.get(socket) ?? 0) + 1;
      open.set(socket, waiting);
      if (waiting > mostPerConnection) return void socket.destroy();
      const startedMs = clock.monotonicMs();
      response.once('close', () => {
        open.set(socket, (open.get(socket) ?? 1) - 1);
        const [{ method = '' }, route = 'other'] = [request, routeOf.get(response)];
        const known = methods.has(method) ? method : 'other';
        metrics.count('api_requests_total', 1, { route, method: known, status: `${response.statusCode}` });
        const seconds = (clock.monotonicMs() - startedMs) / 1000;
        metrics.observe('api_request_seconds', seconds, { method: known });
      });
      try {
        await answer(request, response, door, onBody);
      } catch (error) {
        if (response.headersSent || response.destroyed) return void response.destroy();
        const problem = problemOf(error);
        if (problem.status === 500) log.error('api.failed', { path: request.url, ...problem.error });
        try {
          sendProblem(request, response, problem);
        } catch {
          response.destroy();
        }
      }
    },
    endAll() {
      for (const each of answering) each.abort(new Error('the node stops'));
    },
  };
}

interface Asked {
  readonly pathname: string;
  readonly query: URLSearchParams;
  readonly access: Access;
  readonly door: Door;
  readonly onBody: (() => void) | undefined;
}

/** Path and query as they came: nothing is resolved, so that no path means another. */
function targetIn({ url = '' }: IncomingMessage): {
  readonly pathname: string;
  readonly query: URLSearchParams;
} {
  if (!url.startsWith('/')) throw badCall('the request names no path');
  const at = url.indexOf('?');
  const pathname = at === -1 ? url : url.slice(0, at);
  return { pathname, query: new URLSearchParams(at === -1 ? '' : url.slice(at + 1)) };
}

function mustRead({ method = '' }: IncomingMessage): void {
  if (method !== 'GET' && method !== 'HEAD') throw noMethod(method, ['GET', 'HEAD']);
}

const busy = (message: string) =>
  refuseCall({ code: 'node/busy', next: 'ask again when others have ended, or close pages' }, message);

const noRoute = (pathname: string) =>
  refuseCall(
    { code: 'node/no-route', path: pathname.slice(0, 200), next: 'see /openapi.json for what there is' },
    'There is nothing at this path',
  );

const noMethod = (method: string, allow: readonly string[]) =>
  refuseCall(
    { code: 'node/no-method', allow, next: `use ${allow.join(' or ')}` },
    `${method.slice(0, 20)} is not for this path`,
  );

/** The table's routes with what answers them. */
export const tableEntries = (handleOf: (id: keyof typeof routes) => Handle): readonly Named<Handle>[] =>
  (Object.keys(routes) as (keyof typeof routes)[]).map((id) => ({
    id,
    route: routes[id],
    handle: handleOf(id),
  }));
