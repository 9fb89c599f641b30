import { statSync } from 'node:fs';
import {
  ClientError,
  createClient,
  type Input,
  type Progress,
  type Result,
  type RouteId,
} from '@hypermesh/client';
import { hasCode } from '@hypermesh/core';
import { dataDirectory, readIfPresent } from '../data-directory.ts';
import { NodeError, type NodeFailure } from '../errors.ts';

/** What a call to a node may be told. */
export interface ControlOptions {
  /** Aborting it cancels the call at the node. */
  readonly signal?: AbortSignal;
  /** Hears what the node tells meanwhile. */
  readonly onProgress?: (event: Progress & Record<string, unknown>) => void;
}

/** Calls to a running node by the socket of its owner. */
export interface ControlClient extends Disposable {
  /**
   * Calls a route by its id. Rejects with the node's failure, or with `node/not-running` when the connection ends. A route of the table is typed
   * by it; with a type of the caller's own any name goes.
   */
  call<Id extends RouteId>(method: Id, params: Input<Id>, options?: ControlOptions): Promise<Result<Id>>;
  call<T extends object>(method: string, params?: object, options?: ControlOptions): Promise<T>;
}

/**
 * Opens the way to a running node by its socket, if that belongs to the owner of `directory`: beside short paths it lies in a folder
 * that all users share. Throws `node/not-running` where nobody answers.
 */
export async function connectControl(path: string, directory: string): Promise<ControlClient> {
  if (ownerOf(path) === undefined || ownerOf(path) !== ownerOf(directory)) throw notRunning(directory);
  const token = readIfPresent(dataDirectory(directory).apiToken)?.toString('utf8').trim();
  if (token === undefined) throw notRunning(directory);
  const { socketFetch } = await import('./fetch.ts');
  const way = socketFetch(path);
  const closing = new AbortController();
  const client = createClient({ url: 'http://localhost', token, fetch: way.fetch });

  async function call(method: string, params: object = {}, options: ControlOptions = {}): Promise<never> {
    const { onProgress } = options;
    const signal =
      options.signal === undefined ? closing.signal : AbortSignal.any([options.signal, closing.signal]);
    options.signal?.throwIfAborted();
    if (closing.signal.aborted) throw notRunning(directory);
    try {
      return (await client.call(method as RouteId, params as never, {
        signal,
        ...(onProgress === undefined
          ? {}
          : { onProgress: (event: Progress) => onProgress(event as Progress & Record<string, unknown>) }),
      })) as never;
    } catch (error) {
      options.signal?.throwIfAborted();
      throw closing.signal.aborted ? notRunning(directory, error) : asNodeError(error, directory);
    }
  }

  try {
    await client.request({ method: 'GET', path: '/health' }, {}, { signal: closing.signal });
  } catch (cause) {
    way[Symbol.dispose]();
    throw asNodeError(cause, directory);
  }
  return {
    call,
    [Symbol.dispose]() {
      closing.abort(new Error('the connection was closed'));
      way[Symbol.dispose]();
    },
  };
}

/** What the node refused, or that it does not run, as the error of this package. */
function asNodeError(error: unknown, directory: string): unknown {
  if (!(error instanceof ClientError)) return error;
  if (hasCode(error, 'client/bad-input')) {
    const { parameter, next } = error.failure as { readonly parameter: string; readonly next: string };
    return new NodeError({ code: 'node/bad-flag', flag: parameter, next }, error.message);
  }
  if (error.code.startsWith('client/')) return notRunning(directory, error);
  const { status: _, ...failure } = error.failure as { readonly status: number };
  return new NodeError(failure as unknown as NodeFailure, error.message);
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
