import { asStreamError, StoqError } from '../errors.ts';
import { uint } from '../session/reader.ts';
import { RECORD_BYTES } from '../session/record-bounds.ts';
import type { ByteReader } from './byte-reader.ts';
import type { SealedStream } from './sealed-stream.ts';

/** Bytes that may wait to be sent before `send` waits. */
const HIGH_WATER = 512 * 1024;

interface Waiting {
  readonly frame: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: StoqError) => void;
}

/**
 * Messages in order, both directions, as long as the session lives. Wire: `u32 length` and bytes. Messages that wait while one is
 * on its way go out together in one record. Holds at most 512 KiB and one message to send, one message received.
 */
export class MessageStream<Peer> implements AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly name: string;
  readonly peer: Peer;
  /** Received messages, for one consumer; ends when the other end closes, throws StoqError when the stream breaks. */
  readonly source: AsyncGenerator<Uint8Array, void, undefined>;
  readonly #stream: SealedStream;
  readonly #maxBytes: number;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #waiting: Waiting[] = [];
  #pump: Promise<void> | undefined;
  #error: StoqError | undefined;
  #isClosed = false;

  constructor(
    stream: SealedStream,
    setting: { name: string; peer: Peer; maxBytes: number; reader: ByteReader },
  ) {
    this.#stream = stream;
    this.#maxBytes = setting.maxBytes;
    this.name = setting.name;
    this.peer = setting.peer;
    this.source = this.#receive(setting.reader);
    void stream.done.then(() => this.#fail(new StoqError({ code: 'stoq/closed', what: 'stream' })));
  }

  /** Queues a message, in the order of calls; resolves once it is within the bound, which waits while the other end does not read. */
  async send(message: Uint8Array, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (message.length > this.#maxBytes) {
      throw new StoqError({ code: 'stoq/too-large', what: 'message', limit: this.#maxBytes });
    }
    if (this.#error !== undefined) throw this.#error;
    if (this.#isClosed) throw new StoqError({ code: 'stoq/closed', what: 'stream' });
    if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
    const frame = Buffer.concat([uint(message.length, 4), message]);
    if (this.#queued < HIGH_WATER && this.#waiting.length === 0) {
      this.#enqueue(frame);
      return;
    }
    await this.#wait(frame, signal);
  }

  /** Sends every message of `messages`, then closes this side: the sink of an it-pipe duplex. */
  readonly sink = async (messages: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const message of messages) await this.send(message);
    await this.close();
  };

  /** Sends what is queued, then ends this direction; the other one goes on until its end. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    while (this.#pump !== undefined || this.#waiting.length > 0) {
      await this.#pump;
      if (this.#error !== undefined) return;
    }
    try {
      await this.#stream.write(new Uint8Array(), true);
    } catch (error) {
      this.#fail(asStreamError(error));
    }
  }

  /** Gives up both directions now. */
  abort(): void {
    this.#stream.reset();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.source;
  }

  /** Closes this side and, where the other has not ended, gives it up. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    if (!this.#stream.hasEnded) this.abort();
  }

  #wait(frame: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        frame,
        resolve: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        reject(new StoqError({ code: 'stoq/cancelled' }));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(entry);
    });
  }

  #enqueue(frame: Uint8Array): void {
    this.#queue.push(frame);
    this.#queued += frame.length;
    this.#pump ??= this.#send();
  }

  async #send(): Promise<void> {
    // One turn of the microtask queue lets messages of the same step share a record.
    await undefined;
    try {
      while (this.#queue.length > 0 && this.#error === undefined) {
        const batch = this.#takeBatch();
        await this.#stream.write(batch);
        this.#admitWaiting();
      }
    } catch (error) {
      this.#fail(asStreamError(error));
    }
    this.#pump = undefined;
    if (this.#queue.length > 0 && this.#error === undefined) this.#pump = this.#send();
  }

  #takeBatch(): Uint8Array {
    let size = 0;
    let count = 0;
    for (const frame of this.#queue) {
      if (count > 0 && size + frame.length > RECORD_BYTES) break;
      size += frame.length;
      count += 1;
    }
    const frames = this.#queue.splice(0, count);
    this.#queued -= size;
    return frames.length === 1 ? (frames[0] ?? new Uint8Array()) : Buffer.concat(frames, size);
  }

  #admitWaiting(): void {
    while (this.#queued < HIGH_WATER) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#queue.push(next.frame);
      this.#queued += next.frame.length;
      next.resolve();
    }
  }

  #fail(error: StoqError): void {
    this.#error ??= error;
    this.#queue = [];
    this.#queued = 0;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  async *#receive(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
    while (await reader.hasMore()) {
      const length = await reader.uint(4);
      if (length > this.#maxBytes) {
        this.#stream.reset();
        throw new StoqError({ code: 'stoq/too-large', what: 'message', limit: this.#maxBytes });
      }
      yield trimmed(await reader.take(length));
    }
  }
}

/** A small message on its own memory: whoever keeps it must not keep the record that it came in, up to a quarter of a megabyte. */
function trimmed(message: Uint8Array): Uint8Array {
  return message.length * 4 < message.buffer.byteLength ? Uint8Array.prototype.slice.call(message) : message;
}
