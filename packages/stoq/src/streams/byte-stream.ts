import type { Uint8ArrayList } from 'uint8arraylist';
import type { ByteReader } from './byte-reader.ts';
import type { SealedStream } from './sealed-stream.ts';

/** What may be written: bytes in one piece or in several. */
export type Bytes = Uint8Array | Uint8ArrayList;

/** Bytes both ways, sealed and flow controlled: a duplex as it-pipe understands it. One reader, one writer. */
export class ByteStream<Peer> implements AsyncDisposable {
  readonly name: string;
  readonly peer: Peer;
  /** Received bytes in pieces as they came; ends when the other end closes, throws StoqError when the stream breaks. */
  readonly source: AsyncGenerator<Uint8Array, void, undefined>;
  readonly #stream: SealedStream;
  #isClosed = false;

  constructor(stream: SealedStream, setting: { name: string; peer: Peer; reader: ByteReader }) {
    this.#stream = stream;
    this.name = setting.name;
    this.peer = setting.peer;
    this.source = receive(setting.reader);
  }

  /** Writes all of `pieces`, then closes this side; a source that throws resets the stream. */
  readonly sink = async (pieces: Iterable<Bytes> | AsyncIterable<Bytes>): Promise<void> => {
    try {
      for await (const piece of pieces) await this.write(piece);
    } catch (error) {
      this.abort();
      throw error;
    }
    await this.closeWrite();
  };

  /** Resolves when all but the last part is with the carrier; waits while the other end does not read. */
  async write(bytes: Bytes): Promise<void> {
    await this.#stream.write(bytes instanceof Uint8Array ? bytes : bytes.subarray());
  }

  /** Ends this direction after all that was written. */
  async closeWrite(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#stream.write(new Uint8Array(), true);
  }

  /** Gives up both directions now. */
  abort(): void {
    this.#stream.reset();
  }

  /** Closes this side and, where the other has not ended, gives it up. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.closeWrite();
    } finally {
      if (!this.#stream.hasEnded) this.abort();
    }
  }
}

async function* receive(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const bytes = await reader.some();
    if (bytes === undefined) return;
    yield bytes;
  }
}
