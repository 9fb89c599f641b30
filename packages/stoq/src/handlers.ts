import { StoqError } from './errors.ts';
import type { Peer } from './peer.ts';
import type { ByteStream } from './streams/byte-stream.ts';
import type { MessageStream } from './streams/message-stream.ts';
import type { CallContext, Refusal } from './streams/serve-request.ts';
import { encodeName } from './streams/wire.ts';

/**
 * Answers requests: bytes, or `refuse(code)`. What it throws reaches the requester as `handler-failed` alone. One that goes on after its
 * signal was aborted counts among its peer's streams until it settles.
 */
export type RequestHandler = (
  body: Uint8Array,
  context: CallContext & { readonly peer: Peer },
) => Uint8Array | Refusal | Promise<Uint8Array | Refusal>;

/** Takes over an opened stream, which lives until it is closed; what the handler throws resets it. */
export type StreamHandler<Stream> = (stream: Stream, peer: Peer) => Promise<void> | void;

/** The handlers of a node, by kind and name. */
export class Handlers {
  readonly requests = new NamedHandlers<RequestHandler>();
  readonly messages = new NamedHandlers<StreamHandler<MessageStream<Peer>>>();
  readonly streams = new NamedHandlers<StreamHandler<ByteStream<Peer>>>();
}

class NamedHandlers<Handler> {
  readonly #handlers = new Map<string, Handler>();

  /** Sets the handler of a name that has none; the answer removes it. */
  add(name: string, handler: Handler): () => void {
    encodeName(name);
    if (this.#handlers.has(name)) {
      throw new StoqError({
        code: 'stoq/bad-argument',
        argument: 'name',
        expected: `no handler of ${name} yet`,
      });
    }
    this.#handlers.set(name, handler);
    return () => {
      if (this.#handlers.get(name) === handler) this.#handlers.delete(name);
    };
  }

  get(name: string): Handler | undefined {
    return this.#handlers.get(name);
  }
}
