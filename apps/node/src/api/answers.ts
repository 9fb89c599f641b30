import type { IncomingMessage, ServerResponse } from 'node:http';
import { toJson } from '../cli/output.ts';
import { apiHeaders } from './headers.ts';
import type { Problem } from './problem.ts';

/** How long a reader may leave an answer unread before its connection is ended. */
export const unreadMs = 60_000;
export const eventStreamType = 'text/event-stream; charset=utf-8';
/** How often a stream says that it lives. */
const beatMs = 15_000;

/** Answers with JSON. Throws what cannot be written as JSON, before anything is sent. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  // As text: Node sends it in one piece with the head.
  const body = toJson(value);
  response.writeHead(status, {
    ...apiHeaders,
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Answers with a problem; a body that is still on its way is not waited for. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  { status, error }: Problem,
): void {
  const wait = error['retryAfterMs'];
  const allow = error['allow'];
  const unread = !request.complete;
  sendJson(
    response,
    status,
    { error },
    {
      ...(typeof wait === 'number' ? { 'retry-after': String(Math.ceil(wait / 1000)) } : {}),
      ...(Array.isArray(allow) ? { allow: allow.join(', ') } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="hypermesh"' } : {}),
      ...(unread ? { connection: 'close' } : {}),
    },
  );
  // Whoever still sends hears the answer, and then nothing more is read.
  if (unread) response.once('finish', () => request.socket.destroySoon());
}

/** A stream of server-sent events to one reader. */
export interface EventStream {
  /** Sends an event; resolves when the reader has room for the next, or is gone. */
  send(event: { readonly id?: string; readonly name: string; readonly data: unknown }): Promise<void>;
  end(): void;
}

/** Begins a stream of events. It beats every 15 s; a reader that takes nothing for a minute is let go. */
export function startEvents(response: ServerResponse): EventStream {
  response.writeHead(200, {
    ...apiHeaders,
    'content-type': eventStreamType,
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  response.socket?.setTimeout(unreadMs);
  const beat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': beat\n\n');
  }, beatMs);
  beat.unref();
  response.once('close', () => clearInterval(beat));
  return {
    async send({ id, name, data }) {
      if (response.destroyed) return;
      // JSON has no line ends of its own.
      const isRoomy = response.write(
        `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${toJson(data)}\n\n`,
      );
      if (isRoomy) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          response.off('drain', done).off('close', done);
          resolve();
        };
        response.once('drain', done).once('close', done);
      });
    },
    end() {
      clearInterval(beat);
      response.end();
    },
  };
}
