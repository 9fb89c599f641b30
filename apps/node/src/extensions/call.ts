import type { ExtensionResponse } from '@hypermesh/extension-sdk/host';
import { NodeError } from '../errors.ts';
import type { Extensions } from './service.ts';

/** Who calls, in the host's records: whoever has the token of this node. */
const client = 'operator';

/** Calls one operation of one extension. Throws `node/not-found` for an operation that it has not, or has not any more. */
export async function callOperation(
  extensions: Extensions,
  { id, method, input }: { readonly id: string; readonly method: string; readonly input: unknown },
  options: { readonly signal: AbortSignal; tell(text: string): void },
): Promise<unknown> {
  const { host } = extensions;
  const found = host.get(id);
  // Of another extension, or of none: the answer is the same, whatever there is elsewhere.
  if (found?.state !== 'active' || !found.methods.includes(method)) throw notThere(extensions, id, method);
  const response = await host.handle({
    client,
    method,
    params: input,
    signal: options.signal,
    onProgress: (event) => options.tell(typeof event === 'string' ? event : JSON.stringify(event)),
  });
  options.signal.throwIfAborted();
  if (response.status === 'success') return response.result;
  if (response.status === 'method_not_found') throw notThere(extensions, id, method);
  throw failed(id, method, response);
}

function notThere({ host }: Extensions, id: string, method: string): NodeError {
  const found = host.get(id);
  const others = host.list().map((each) => each.id);
  const next =
    found === undefined
      ? `loaded are: ${others.join(', ') || 'none'}`
      : found.state === 'active'
        ? `it has: ${found.methods.join(', ')}`
        : `hypermesh extension activate ${id}`;
  const isOff = found !== undefined && found.state !== 'active';
  return new NodeError(
    { code: 'node/not-found', what: `${id} ${method}`, next },
    isOff ? `${id} is ${found.state}: ${found.reason ?? ''}` : `No extension ${id} serves ${method}`,
  );
}

function failed(
  extension: string,
  method: string,
  response: Exclude<ExtensionResponse, { status: 'success' | 'method_not_found' }>,
): NodeError {
  const { detail } = response;
  switch (response.status) {
    case 'rate_limited': {
      const { retryAfterMs } = response;
      const next = `ask again in ${retryAfterMs} ms`;
      return new NodeError({ code: 'node/rate-limited', retryAfterMs, next }, `${method}: ${detail}`);
    }
    case 'permission_denied':
    case 'invalid_proof': {
      const next = `hypermesh extension info ${extension} shows what it may use and what it was refused`;
      const reason = `${response.status}: ${detail}`;
      return new NodeError(
        { code: 'node/extension-denied', extension, reason, next },
        `${method}: ${detail}`,
      );
    }
    case 'failed': {
      const next = `hypermesh extension audit --of ${extension} shows the records`;
      const reason = response.code;
      return new NodeError(
        { code: 'node/extension-failed', extension, method, reason, next },
        `${method}: ${reason}: ${detail}`,
      );
    }
    default:
      return response satisfies never;
  }
}
