import { once } from 'node:events';
import { statSync } from 'node:fs';
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

/**
 * Opens the control socket at `path`, if it belongs to the owner of `directory`: beside short paths it lies in a folder
 * that all users share. Throws `node/not-running` where nobody listens.
 */
export async function connectControl(path: string, directory: string): Promise<ControlClient> {
  if (ownerOf(path) !== ownerOf(directory)) throw notRunning(directory);
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (cause) {
    throw notRunning(directory, cause);
  }
  const open = new Map<number, OpenCall>();
  let nextId = 1;
  const accept = createLineReader((line) => {
    const reply = replyIn(line);
    const call = reply === undefined ? undefined : open.get(reply.id);
    if (reply === undefined) socket.destroy();
    if (reply === undefined || call === undefined) return;
    if (reply.event !== undefined) {
      call.onProgress?.(reply.event);
      return;
    }
    open.delete(reply.id);
    if (reply.error === undefined) call.resolve(reply.result as never);
    else call.reject(new NodeError(reply.error, reply.error.message));
  });
  socket.on('data', (chunk: Buffer) => {
    if (!accept(chunk)) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    for (const call of open.values()) call.reject(notRunning(directory));
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
          if (socket.destroyed) return reject(notRunning(directory));
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

function notRunning(directory: string, cause?: unknown): NodeError {
  return new NodeError(
    { code: 'node/not-running', directory, next: `start it: hypermesh up --data ${directory}` },
    `No node is running on ${directory}`,
    cause === undefined ? undefined : { cause },
  );
}

function ownerOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.uid;
}

function replyIn(line: string): ControlReply | undefined {
  try {
    const reply: unknown = JSON.parse(line);
    return typeof reply === 'object' && reply !== null ? (reply as ControlReply) : undefined;
  } catch {
    return undefined;
  }
}
