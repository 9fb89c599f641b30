import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { route, shapes, Type } from '@hypermesh/client/routes';
import { type Clock, silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { defaultApiConfig } from '../src/api/config.ts';
import { type DoorLimits, openDoors } from '../src/api/listen.ts';
import { openPages } from '../src/api/pages.ts';
import type { Named } from '../src/api/router.ts';
import { type ApiParts, createApi, type Handle } from '../src/api/server.ts';
import { openTokens } from '../src/api/tokens.ts';
import { type DataDirectory, makeFolder } from '../src/data-directory.ts';
import { NodeError } from '../src/errors.ts';
import { createEvents, type Events } from '../src/events/hub.ts';
import { temporaryDirectory } from './support.ts';

const { object, optional, text, list, flag, count, record, words } = shapes;

/** What a request was answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  json(): { readonly [field: string]: unknown; readonly error?: Record<string, unknown> };
}

/** An API with routes of a test, on both doors. */
export interface Served extends AsyncDisposable {
  readonly directory: DataDirectory;
  readonly url: string;
  readonly token: string;
  readonly readToken: string;
  readonly events: Events;
  /** Why calls of `wait` were told to end. */
  readonly aborted: string[];
  isReady: boolean;
  /** Asks with the full token and the right Host, unless told otherwise; `null` leaves a header out. */
  ask(options: AskOptions): Promise<Answer>;
  /** A connection that speaks bytes as they come. */
  raw(): Promise<Socket>;
}

export interface AskOptions {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

const entry = (id: string, of: Named<Handle>['route'], handle: Handle): Named<Handle> => ({
  id,
  route: of,
  handle,
});

/** Serves routes that echo, wait, fail and answer much. */
export async function serveTest(
  options: {
    readonly clock?: Clock;
    readonly limits?: DoorLimits;
    readonly pages?: string;
    readonly more?: Partial<ApiParts>;
    /** Leaves a file where the socket belongs, as a killed node does. */
    readonly leftover?: boolean;
  } = {},
): Promise<Served> {
  const { clock = systemClock, limits, pages, more = {} } = options;
  const directory = temporaryDirectory();
  makeFolder(directory.path);
  if (options.leftover === true) writeFileSync(directory.controlSocket, '');
  const aborted: string[] = [];
  const events = createEvents({ clock });
  const state = { isReady: false };
  const api = createApi({
    entries: entriesOf(aborted),
    tokens: openTokens(directory, silentLog),
    events,
    isReady: () => state.isReady,
    ...(pages === undefined ? {} : { pages: async () => openPages(pages) }),
    version: '1.2.3',
    isChecked: true,
    clock,
    log: silentLog,
    ...more,
  });
  const doors = await openDoors(directory, api, {
    config: defaultApiConfig,
    log: silentLog,
    ...(limits === undefined ? {} : { limits }),
  });
  const { url = '' } = doors;
  const { port, host } = new URL(url);
  const token = readFileSync(directory.apiToken, 'utf8').trim();
  const sockets: Socket[] = [];
  const agent = new Agent({ keepAlive: false });
  return {
    directory,
    url,
    token,
    readToken: readFileSync(directory.apiReadToken, 'utf8').trim(),
    events,
    aborted,
    get isReady() {
      return state.isReady;
    },
    set isReady(isReady) {
      state.isReady = isReady;
    },
    ask({ method = 'GET', path, headers = {}, body }) {
      const all = { host, authorization: `Bearer ${token}`, ...headers };
      const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as Record<
        string,
        string
      >;
      return new Promise((resolve, reject) => {
        const sent = request({ agent, host: '::1', port, method, path, headers: given }, (response) => {
          const parts: Buffer[] = [];
          response
            .on('data', (part: Buffer) => parts.push(part))
            .on('end', () => {
              const text = Buffer.concat(parts).toString('utf8');
              resolve({
                status: response.statusCode ?? 0,
                headers: response.headers,
                body: text,
                json: () => JSON.parse(text) as Record<string, never>,
              });
            });
        });
        sent.on('error', reject);
        void (async () => {
          if (body !== undefined && typeof body === 'object' && Symbol.asyncIterator in body) {
            for await (const part of body) if (!sent.destroyed) sent.write(part);
            sent.end();
          } else sent.end(body);
        })();
      });
    },
    async raw() {
      const socket = connect({ host: '::1', port: Number(port) });
      sockets.push(socket);
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
      return socket;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await doors[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

function entriesOf(aborted: string[]): readonly Named<Handle>[] {
  const echoed = object({
    word: optional(text({ maxLength: 100_000 })),
    on: optional(flag()),
    many: optional(list(text(), { maxItems: 8 })),
    count: optional(count()),
    extra: optional(record()),
  });
  return [
    entry(
      'echo',
      route({ method: 'POST', path: '/v1/echo', summary: 'Echo', input: echoed, output: echoed }),
      async (params) => params,
    ),
    entry(
      'hear',
      route({ method: 'GET', path: '/v1/echo', summary: 'Echo', input: echoed, output: echoed }),
      async (params) => params,
    ),
    entry(
      'named',
      route({
        method: 'PUT',
        path: '/v1/things/{name}/word',
        summary: 'Name',
        input: object({ name: text(), word: text() }),
        output: object({ name: words(), word: words() }),
      }),
      async (params) => params,
    ),
    entry(
      'seek',
      route({
        method: 'POST',
        path: '/v1/seek',
        summary: 'Seek',
        input: object({}),
        output: object({}),
        reads: true,
      }),
      async () => ({}),
    ),
    entry(
      'secret',
      route({
        method: 'GET',
        path: '/v1/secret',
        summary: 'Tell',
        input: object({}),
        output: object({}),
        secret: true,
      }),
      async () => ({}),
    ),
    entry(
      'big',
      route({
        method: 'GET',
        path: '/v1/big',
        summary: 'Answer in bigint and bytes',
        input: object({}),
        output: object({ fuel: shapes.decimal(), bytes: shapes.hex() }),
      }),
      async () => ({ fuel: 2n ** 64n, bytes: Uint8Array.of(255), nothing: undefined }),
    ),
    entry(
      'huge',
      route({
        method: 'GET',
        path: '/v1/huge',
        summary: 'Much',
        input: object({}),
        output: object({ text: words() }),
      }),
      async () => ({ text: 'x'.repeat(4 * 1024 * 1024) }),
    ),
    entry(
      'wait',
      route({
        method: 'POST',
        path: '/v1/content/scrub',
        summary: 'Wait',
        input: object({}),
        output: object({}),
        progress: true,
      }),
      (_, { signal, progress }) =>
        new Promise((_resolve, reject) => {
          progress({ text: 'waiting' });
          signal.addEventListener('abort', () => {
            aborted.push(String(signal.reason.message));
            reject(signal.reason);
          });
        }),
    ),
    entry(
      'work',
      route({
        method: 'POST',
        path: '/v1/work',
        summary: 'Work',
        input: object({ fails: optional(flag()), steps: optional(count({ maximum: 1000 })) }),
        output: object({ done: flag() }),
        progress: true,
      }),
      async ({ fails, steps = 2 }, { progress }) => {
        for (let step = 1; step <= Number(steps); step++)
          progress({ text: `step ${step}`, done: step, total: 2, unit: 'bytes' });
        if (fails === true)
          throw new NodeError(
            { code: 'node/not-found', what: 'it', next: 'look elsewhere' },
            'There is no it',
          );
        return { done: true };
      },
    ),
    entry(
      'fail',
      route({ method: 'GET', path: '/v1/fail', summary: 'Fail', input: object({}), output: object({}) }),
      async () => {
        throw new NodeError({ code: 'node/not-found', what: 'it', next: 'look elsewhere' }, 'There is no it');
      },
    ),
    entry(
      'throw',
      route({ method: 'GET', path: '/v1/throw', summary: 'Throw', input: object({}), output: object({}) }),
      () => {
        throw new TypeError('thrown, not rejected');
      },
    ),
    entry(
      'circle',
      route({ method: 'GET', path: '/v1/circle', summary: 'Circle', input: object({}), output: Type.Any() }),
      async () => {
        const circle: Record<string, unknown> = {};
        circle['self'] = circle;
        return circle;
      },
    ),
    entry(
      'lie',
      route({
        method: 'GET',
        path: '/v1/lie',
        summary: 'Lie',
        input: object({}),
        output: object({ height: count() }),
      }),
      async () => ({ height: 'high' }),
    ),
  ];
}

/** What comes in on a connection until it ends. */
export async function untilEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  if (!socket.destroyed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return text;
}

/** Resolves when what came in holds a text; what came so far. */
export async function untilText(socket: Socket, wanted: string): Promise<string> {
  let text = '';
  return await new Promise((resolve, reject) => {
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      if (text.includes(wanted)) resolve(text);
    });
    socket.once('close', () => reject(new Error(`ended before ${wanted}: ${text.slice(0, 400)}`)));
  });
}

/** Where files of a test may lie. */
export const inside = (directory: DataDirectory, ...parts: string[]): string =>
  join(directory.path, ...parts);
