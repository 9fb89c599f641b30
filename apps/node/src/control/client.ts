import { once } from 'node:events';
import { connect } from 'node:net';
import { NodeError, type NodeFailure } from '../errors.ts';
import { createLineReader } from './frame.ts';

/** A connection to a running node's control socket. */
export interface ControlClient extends Disposable {
  /**
   * Calls a method; `onProgress` hears what the node tells meanwhile. Rejects with the node's failure, or with
   * `node/not-running` when the connection ends. Aborting `signal` cancels the call at the node.
   */
  call<T extends object>(
    method: string,
    params?: object,
    options?: {
      readonly signal?: AbortSignal;
      readonly onProgress?: (event: Record<string, unknown>) => void;
    },
  ): Promise<T>;
}

interface OpenCall {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((event: Record<string, unknown>) => void) | undefined;
}

interface ControlReply {
  readonly id: number;
  readonly event?: Record<string, unknown>;
  readonly result?: object;
  readonly error?: NodeFailure & { readonly message: string };
}

/** Opens the control socket at `path`. Throws `node/not-running` where nobody listens. */
export async function connectControl(path: string, directory: string): Promise<ControlClient> {
  const socket = connect(path);
  const notRunning = () =>
    new NodeError(
      { code: 'node/not-running', directory, next: `start it: hypermesh up --data ${directory}` },
      `No node is running on ${directory}`,
    );
  try {
    await once(socket, 'connect');
  } catch (cause) {
    throw Object.assign(notRunning(), { cause });
  }
  const open = new Map<number, OpenCall>();
  let nextId = 1;
  const accept = createLineReader((line) => {
    const reply = JSON.parse(line) as ControlReply;
    const call = open.get(reply.id);
    if (call === undefined) return;
    if (reply.event !== undefined) return call.onProgress?.(reply.event);
    open.delete(reply.id);
    if (reply.error === undefined) call.resolve(reply.result as never);
    else call.reject(new NodeError(reply.error, reply.error.message));
  });
  socket.on('data', (chunk: Buffer) => {
    if (!accept(chunk)) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    for (const call of open.values()) call.reject(notRunning());
    open.clear();
  });
  return {
    async call(method, params = {}, { signal, onProgress } = {}) {
      signal?.throwIfAborted();
      const id = nextId++;
      const cancel = () => socket.write(`${JSON.stringify({ id, cancel: true })}\n`);
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        return await new Promise((resolve, reject) => {
          if (socket.destroyed) return reject(notRunning());
          open.set(id, { resolve, reject, onProgress });
          socket.write(`${JSON.stringify({ id, method, params })}\n`);
        });
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}
