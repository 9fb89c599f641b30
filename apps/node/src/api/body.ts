import type { IncomingMessage } from 'node:http';
import { NodeError } from '../errors.ts';
import { refuseCall } from './problem.ts';

/** Longest body of a request, bytes: content never travels here. */
export const maxBodyBytes: number = 1024 * 1024;
/** Deepest nesting of a body. */
const maxDepth = 32;

/**
 * The JSON object in the body of a request; an empty body is an empty object. `onWanted` is called before it is read, unless it is too large from the
 * start. Throws what is wrong with it.
 */
export async function bodyOf(
  request: IncomingMessage,
  onWanted?: () => void,
): Promise<Readonly<Record<string, unknown>>> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBodyBytes) throw tooLarge();
  onWanted?.();
  const bytes = await bytesOf(request);
  if (bytes.length === 0) return {};
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json *(?:; *charset=utf-8 *)?$/i.test(type)) {
    throw refuseCall(
      { code: 'node/media-type', next: 'send JSON, with Content-Type: application/json' },
      'The body is not declared as JSON',
    );
  }
  return objectIn(bytes);
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxBodyBytes) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function objectIn(bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badCall('the body is not JSON in UTF-8');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badCall('the body must be an object');
  inspect(value);
  return value as Record<string, unknown>;
}

/** Refuses what no parameter ever is: deep nesting, and names that mean something to every object. */
function inspect(root: object): void {
  const waiting: { readonly value: object; readonly depth: number }[] = [{ value: root, depth: 1 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.depth > maxDepth) throw badCall(`the body is nested deeper than ${maxDepth}`);
    for (const [name, value] of Object.entries(next.value)) {
      if (name === '__proto__' || name === 'constructor' || name === 'prototype')
        throw badCall(`the body has a field ${name}`);
      if (typeof value === 'object' && value !== null) waiting.push({ value, depth: next.depth + 1 });
    }
  }
}

const tooLarge = () =>
  refuseCall(
    {
      code: 'node/too-large',
      maxBytes: maxBodyBytes,
      next: 'name files of the machine; content is never sent here',
    },
    `A body has at most ${maxBodyBytes} bytes`,
  );

/** The error for a request that is not put as the API understands it. */
export const badCall = (reason: string): NodeError =>
  new NodeError(
    { code: 'node/bad-call', reason, next: 'see /openapi.json for how each route is called' },
    `The request cannot be read: ${reason}`,
  );
