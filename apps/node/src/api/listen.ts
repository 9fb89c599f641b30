import { readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '@hypermesh/core';
import { type DataDirectory, writeDurably } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import { unreadMs } from './answers.ts';
import type { ApiConfig } from './config.ts';
import type { Api, Door } from './server.ts';

// By `import` it would bring Node's own fetch and WebSocket: 11 MB of each process that nothing here uses.
const { createServer } = process.getBuiltinModule('node:http');

/** The doors of a node's API that are open. */
export interface Doors extends AsyncDisposable {
  /** Where the network door is; undefined where it is off. */
  readonly url: string | undefined;
}

/** What each door bears. */
export interface DoorLimits {
  /** Connections at once. */
  readonly mostConnections: number;
  /** Time for the headers of a request, for all of it, and between two of one connection. */
  readonly headersMs: number;
  readonly requestMs: number;
  readonly idleMs: number;
}

const defaultLimits: DoorLimits = {
  mostConnections: 256,
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 15_000,
};
const maxHeaderBytes = 16 * 1024;

/** Opens the socket of the owner, and the network door where the configuration wants it; tells where that is in `api.json`. */
export async function openDoors(
  directory: DataDirectory,
  api: Api,
  {
    config,
    log,
    limits = defaultLimits,
  }: { readonly config: ApiConfig; readonly log: Log; readonly limits?: DoorLimits },
): Promise<Doors> {
  await using cleanup = new AsyncDisposableStack();
  const owner = serverOf(api, 'socket', { limits, log });
  rmSync(directory.controlSocket, { force: true });
  // The socket is made by the call itself: nobody else may open it, not even for a moment.
  const before = process.umask(0o177);
  try {
    await listening(owner, { path: directory.controlSocket });
  } finally {
    process.umask(before);
  }
  const servers = [owner];
  cleanup.defer(() => close(servers, api));
  let url: string | undefined;
  if (config.isEnabled) {
    const network = serverOf(api, 'network', { limits, log });
    url = await listenNetwork(network, directory, config, log);
    servers.push(network);
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

function serverOf(
  api: Api,
  door: Door,
  { limits, log }: { readonly limits: DoorLimits; readonly log: Log },
): Server {
  const { headersMs, requestMs, idleMs, mostConnections } = limits;
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.min(2_000, headersMs / 2),
  });
  server.maxConnections = mostConnections;
  // The time for headers begins with the first byte: a connection that brings none ends like an idle one.
  server.on('connection', (socket) => socket.setTimeout(idleMs));
  const answer = (request: IncomingMessage, response: ServerResponse, onBody?: () => void) => {
    // While it is answered a call may take what it takes; once it is being sent, the reader must take it.
    request.socket.setTimeout(0);
    response.once('prefinish', () => request.socket.setTimeout(unreadMs));
    void api.handle(request, response, door, onBody);
  };
  server.on('request', (request, response) => answer(request, response));
  server.on('checkContinue', (request, response) =>
    answer(request, response, () => response.writeContinue()),
  );
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

/** All doors at once: a call that ends with the node must not look as if it had been answered. */
async function close(servers: readonly Server[], api: Api): Promise<void> {
  const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
  for (const server of servers) server.closeAllConnections();
  api.endAll();
  await Promise.all(closed);
}

function cannotListen(host: string, port: number, cause: unknown): NodeError {
  const address = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const isAbsent = reason === 'EADDRNOTAVAIL' || reason === 'EAFNOSUPPORT';
  const next = isAbsent
    ? `this machine has no address ${host}: set [api] listen in hypermesh.toml to one that it has, such as "http://127.0.0.1:0"`
    : 'set [api] listen in hypermesh.toml to an address that is free, such as "http://[::1]:0"';
  return new NodeError(
    { code: 'node/unreachable', address, reason, next },
    `The API cannot listen on ${address} (${reason})`,
    { cause },
  );
}
