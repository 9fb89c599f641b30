import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '@hypermesh/core';
import { type DataDirectory, writeDurably } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import { unreadMs } from './answers.ts';
import type { ApiConfig } from './config.ts';
import type { Api, Door } from './server.ts';

/** The doors of a node's API that are open. */
export interface Doors extends AsyncDisposable {
  /** Where the network door is; undefined where it is off. */
  readonly url: string | undefined;
}

/** Connections that each door has at once at most. */
const mostConnections = 256;
const headersMs = 10_000;
const requestMs = 30_000;
const idleMs = 15_000;
const maxHeaderBytes = 16 * 1024;
const maxHeaders = 64;

/** Opens the socket of the owner, and the network door where the configuration wants it; tells where that is in `api.json`. */
export async function openDoors(
  directory: DataDirectory,
  api: Api,
  { config, log }: { readonly config: ApiConfig; readonly log: Log },
): Promise<Doors> {
  await using cleanup = new AsyncDisposableStack();
  const owner = serverOf(api, 'socket', log);
  rmSync(directory.controlSocket, { force: true });
  // The socket is made by the call itself: nobody else may open it, not even for a moment.
  const before = process.umask(0o177);
  try {
    await listening(owner, { path: directory.controlSocket });
  } finally {
    process.umask(before);
  }
  cleanup.defer(() => close(owner, api));
  let url: string | undefined;
  if (config.isEnabled) {
    const network = serverOf(api, 'network', log);
    url = await listenNetwork(network, directory, config, log);
    cleanup.defer(() => close(network, api));
    writeDurably(directory.apiAddress, `${JSON.stringify({ url })}\n`);
    if (config.allowRemote) {
      const warning =
        'the API answers the network without TLS: reach it by a tunnel or behind a proxy that has TLS';
      log.warn('api.remote', { url, warning });
    }
  } else rmSync(directory.apiAddress, { force: true });
  const owned = cleanup.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function serverOf(api: Api, door: Door, log: Log): Server {
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: 2_000,
    insecureHTTPParser: false,
    noDelay: true,
  });
  server.maxConnections = mostConnections;
  server.maxHeadersCount = maxHeaders;
  // A connection on which nothing was ever asked ends as soon as one that fell silent.
  server.on('connection', (socket) => {
    socket.setTimeout(unreadMs);
    socket.once('data', () => undefined);
  });
  server.on('request', (request, response) => {
    // While it is answered a call may take what it takes; once it is being sent, the reader must take it.
    request.socket.setTimeout(0);
    response.once('prefinish', () => request.socket.setTimeout(unreadMs));
    void api.handle(request, response, door);
  });
  server.on('checkContinue', (request, response) => {
    request.socket.setTimeout(0);
    void api.handle(request, response, door, () => response.writeContinue());
  });
  server.on('checkExpectation', (_request, response) => {
    response.writeHead(417, { 'content-length': 0, connection: 'close' }).end();
  });
  server.on('error', (error) => log.warn('api.server-error', { door, message: error.message }));
  return server;
}

/** Listens where it listened before, so that links to it stay right; elsewhere if that place is taken. */
async function listenNetwork(
  server: Server,
  directory: DataDirectory,
  { host, port }: ApiConfig,
  log: Log,
): Promise<string> {
  const kept = port === 0 ? portBefore(directory) : port;
  try {
    await listening(server, { host, port: kept, exclusive: true });
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    if (port !== 0 || kept === 0 || !isTaken) throw cannotListen(host, kept, error);
    log.warn('api.address-taken', { port: kept });
    await listening(server, { host, port: 0, exclusive: true });
  }
  const { port: chosen } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${chosen}`;
}

function portBefore({ apiAddress }: DataDirectory): number {
  try {
    const { url } = JSON.parse(readFileSync(apiAddress, 'utf8')) as { url: string };
    return Number(new URL(url).port);
  } catch {
    return 0;
  }
}

function listening(server: Server, where: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function close(server: Server, api: Api): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  api.endStreams();
  server.closeAllConnections();
  await closed;
}

function cannotListen(host: string, port: number, cause: unknown): NodeError {
  const address = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const next = 'set [api] listen in hypermesh.toml to an address that is free, such as "http://[::1]:0"';
  return new NodeError(
    { code: 'node/unreachable', address, reason, next },
    `The API cannot listen on ${address} (${reason})`,
    { cause },
  );
}
