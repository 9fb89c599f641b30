import { StoqError } from '../errors.ts';
import type { SealedStream } from './sealed-stream.ts';

/** Takes exact amounts from a sealed stream. Holds at most what was asked for, while it comes the same once more, and one record. */
export class ByteReader {
  readonly #stream: Pick<SealedStream, 'read'>;
  #buffered: Uint8Array = new Uint8Array();

  constructor(stream: Pick<SealedStream, 'read'>) {
    this.#stream = stream;
  }

  /** Whether bytes are here that nobody has taken yet. */
  get hasBuffered(): boolean {
    return this.#buffered.length > 0;
  }

  /** Whatever comes next, at least one byte; undefined at the end. */
  async some(): Promise<Uint8Array | undefined> {
    if (this.#buffered.length === 0) return this.#stream.read();
    const bytes = this.#buffered;
    this.#buffered = new Uint8Array();
    return bytes;
  }

  /** Exactly `length` bytes. Throws `stoq/record` `truncated` when the stream ends before. */
  async take(length: number): Promise<Uint8Array> {
    if (this.#buffered.length === 0 && length > 0) this.#buffered = await this.#next();
    if (this.#buffered.length < length) return await this.#gather(length);
    const taken = this.#buffered.subarray(0, length);
    this.#buffered = this.#buffered.subarray(length);
    return taken;
  }

  /** Whether anything comes before the end. */
  async hasMore(): Promise<boolean> {
    if (this.#buffered.length > 0) return true;
    const next = await this.#stream.read();
    if (next === undefined) return false;
    this.#buffered = next;
    return true;
  }

  /** An unsigned integer of `size` bytes, at most 6. */
  async uint(size: number): Promise<number> {
    const bytes = await this.take(size);
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }

  /**
   * Gathers from several records into one buffer that grows as bytes come: a peer that sends a byte a record must not make this end
   * hold an object for each, nor one that only announces much make it hold that much.
   */
  async #gather(length: number): Promise<Uint8Array> {
    let gathered: Uint8Array = this.#buffered;
    let filled = gathered.length;
    this.#buffered = NOTHING;
    while (filled < length) {
      const next = await this.#next();
      const part = next.subarray(0, length - filled);
      if (gathered.length < filled + part.length) {
        const size = Math.min(length, Math.max(LEAST_BUFFER, 4 * (filled + part.length)));
        gathered = grown(gathered.subarray(0, filled), size);
      }
      gathered.set(part, filled);
      filled += part.length;
      this.#buffered = next.subarray(part.length);
    }
    return gathered;
  }

  async #next(): Promise<Uint8Array> {
    const next = await this.#stream.read();
    if (next === undefined) throw new StoqError({ code: 'stoq/record', reason: 'truncated' });
    return next;
  }
}

const NOTHING = new Uint8Array();
const LEAST_BUFFER = 1024;

function grown(bytes: Uint8Array, size: number): Uint8Array {
  const larger = Buffer.allocUnsafeSlow(size);
  larger.set(bytes);
  return larger;
}
