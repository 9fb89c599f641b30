import { StoqError } from '../errors.ts';
import type { SealedStream } from './sealed-stream.ts';

/** Takes exact amounts from a sealed stream. Holds at most what was asked for and one record. */
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
    if (this.#buffered.length < length) await this.#fill(length);
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

  async #fill(length: number): Promise<void> {
    const parts = [this.#buffered];
    let size = this.#buffered.length;
    while (size < length) {
      const next = await this.#stream.read();
      if (next === undefined) throw new StoqError({ code: 'stoq/record', reason: 'truncated' });
      parts.push(next);
      size += next.length;
    }
    this.#buffered =
      parts.length === 2 && parts[0]?.length === 0 ? (parts[1] ?? NOTHING) : Buffer.concat(parts);
  }
}

const NOTHING = new Uint8Array();
