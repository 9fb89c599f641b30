import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '@hypermesh/core';
import { toJson } from '../cli/output.ts';
import type { NodeFailure } from '../errors.ts';
import { createLineReader } from './frame.ts';

/** What a control method gets: parameters as they came (unchecked), a way to tell progress, and cancellation. */
export interface ControlCall {
  readonly params: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  progress(event: object): void;
}

/** A method of the control socket: plain JSON in and out; bigint and bytes leave as text. */
export type ControlMethod = (call: ControlCall) => Promise<object>;

/** Most calls that one connection may have open. */
const maxCallsPerConnection = 64;
/** Bytes of answers that a caller may leave unread before its connection is ended. */
const maxUnreadBytes = 16 * 1024 * 1024;

/**
 * Serves the control socket of one daemon: one JSON object a line, `{ id, method, params }` or `{ id, cancel: true }`
 * in, `{ id, event }`, `{ id, result }` or `{ id, error }` out. Only the owner of the data directory may open it
 * (mode 0600). A connection that ends aborts its calls.
 */
export async function serveControl(
  path: string,
  methods: Readonly<Record<string, ControlMethod>>,
  log: Log,
): Promise<AsyncDisposable> {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', (error) => log.debug('control.socket-error', { message: error.message }));
    serveConnection(socket, methods);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The socket is made by the call itself: nobody else may open it, not even for a moment.
    const before = process.umask(0o177);
    server.listen(path, resolve);
    process.umask(before);
  });
  server.on('error', (error) => log.warn('control.server-error', { message: error.message }));
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function serveConnection(socket: Socket, methods: Readonly<Record<string, ControlMethod>>): void {
  const open = new Map<number, AbortController>();
  const send = (message: object) => {
    if (socket.destroyed) return;
    socket.write(`${toJson(message)}\n`);
    if (socket.writableLength > maxUnreadBytes) socket.destroy();
  };
  const accept = createLineReader((line) => {
    const request = parseRequest(line);
    if (request === undefined) return send({ id: 0, error: badCall('not a control call') });
    const { id } = request;
    if (request.cancel) return open.get(id)?.abort(new Error('cancelled by the caller'));
    const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
    if (method === undefined) return send({ id, error: badCall('unknown method') });
    if (open.has(id) || open.size >= maxCallsPerConnection) {
      return send({ id, error: badCall('id in use, or too many calls at once') });
    }
    const abort = new AbortController();
    open.set(id, abort);
    const call: ControlCall = {
      params: request.params,
      signal: abort.signal,
      progress: (event) => send({ id, event }),
    };
    void answer(method, call, (reply) => {
      open.delete(id);
      send({ id, ...reply });
    });
  });
  socket.on('data', (chunk: Buffer) => {
    if (!accept(chunk)) socket.destroy();
  });
  socket.on('close', () => {
    for (const abort of open.values()) abort.abort(new Error('the caller went away'));
  });
}

/** Replies once, whatever the method does. */
async function answer(
  method: ControlMethod,
  call: ControlCall,
  reply: (reply: { readonly result: object } | { readonly error: object }) => void,
): Promise<void> {
  try {
    reply({ result: await method(call) });
  } catch (error) {
    reply({ error: describe(error) });
  }
}

interface ControlRequest {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly cancel: boolean;
}

function parseRequest(line: string): ControlRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, method = '', params = {}, cancel = false } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(id) || typeof method !== 'string' || typeof cancel !== 'boolean')
    return undefined;
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return undefined;
  return { id: id as number, method, params: params as Record<string, unknown>, cancel };
}

function badCall(reason: string): NodeFailure & { readonly message: string } {
  const next = 'one JSON object a line: { id, method, params }, or { id, cancel: true }';
  return { code: 'node/bad-call', reason, next, message: reason };
}

function describe(error: unknown): object {
  const failure =
    error instanceof Error && 'failure' in error ? (error.failure as object) : { code: 'node/internal' };
  return { ...failure, message: error instanceof Error ? error.message : String(error) };
}
