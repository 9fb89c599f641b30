import type { IncomingMessage } from 'node:http';
import type { Fetch } from '@hypermesh/client';

// By `import` it would bring Node's own fetch and WebSocket, which take longer to load than the call takes.
const { Agent, request: send } = process.getBuiltinModule('node:http');

/** A way to a node over the socket of its owner. */
export interface SocketFetch extends Disposable {
  readonly fetch: Fetch;
}

/** Makes the `fetch` of a socket. Each request has a connection of its own while it lasts; idle ones are used again. */
export function socketFetch(path: string): SocketFetch {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  const attempt = (...[url, init]: Parameters<Fetch>): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { pathname, search } = new URL(url);
      const { method, headers, body, signal } = init;
      const request = send(
        {
          agent,
          socketPath: path,
          path: `${pathname}${search}`,
          method,
          headers: {
            ...headers,
            ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
          },
          ...(signal === undefined ? {} : { signal }),
        },
        resolve,
      );
      request.on('error', (error) => reject(Object.assign(error, { isReused: request.reusedSocket })));
      request.end(body);
    });
  return {
    async fetch(url, init) {
      const response = await attempt(url, init).catch(
        (error: NodeJS.ErrnoException & { isReused?: boolean }) => {
          // An idle connection that the node ended while it was taken: nothing of the request was looked at.
          if (error.isReused === true && error.code === 'ECONNRESET') return attempt(url, init);
          throw error;
        },
      );
      return {
        status: response.statusCode ?? 0,
        headers: {
          get: (name) => {
            const value = response.headers[name.toLowerCase()];
            return typeof value === 'string' ? value : (value?.join(', ') ?? null);
          },
        },
        body: response,
      };
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
