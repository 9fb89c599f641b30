import { asStreamError, StoqError } from '../errors.ts';
import type { CarrierStream } from '../ports.ts';
import type { NativeStream } from './quic-native.ts';

const FIRST_READ = 64 * 1024;
const LARGEST_READ = 256 * 1024;
/** Of more reads at once than this each asks for little, since each holds what it asks for. */
const CROWD = 64;
const CROWDED_READ = 8 * 1024;

/** The reads of one connection that are under way. */
export interface ConnectionReads {
  waiting: number;
}

/**
 * A QUIC stream over the native layer. Each native read wakes the main thread once and allocates its maximum, so reads
 * start at 64 KiB and grow to 256 KiB while they come back full, and shrink again when they come back nearly empty.
 */
export class QuicStream implements CarrierStream {
  readonly #native: NativeStream;
  readonly #reads: ConnectionReads;
  #cancelRead: ((reason: StoqError) => void) | undefined;
  #readSize = FIRST_READ;
  #isReset = false;

  constructor(native: NativeStream, reads: ConnectionReads) {
    this.#native = native;
    this.#reads = reads;
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#isReset) throw new StoqError({ code: 'stoq/stream-reset' });
    const size = this.#reads.waiting > CROWD ? CROWDED_READ : this.#readSize;
    this.#reads.waiting += 1;
    try {
      // A native read cannot be called off, so a local reset overtakes it and leaves it to the connection's end.
      const bytes = await new Promise<Uint8Array | null>((resolve, reject) => {
        this.#cancelRead = reject;
        this.#native.read(size).then(resolve, reject);
      });
      if (bytes === null) return undefined;
      if (bytes.length >= this.#readSize) this.#readSize = Math.min(LARGEST_READ, size * 2);
      else if (bytes.length < FIRST_READ / 4) this.#readSize = FIRST_READ;
      return bytes;
    } catch (error) {
      throw asStreamError(error);
    } finally {
      this.#reads.waiting -= 1;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isReset) throw new StoqError({ code: 'stoq/stream-reset' });
    try {
      await this.#native.write(bytes);
    } catch (error) {
      throw asStreamError(error);
    }
  }

  async closeWrite(): Promise<void> {
    if (!this.#isReset) await this.#native.finishWrite();
  }

  reset(): void {
    if (this.#isReset) return;
    this.#isReset = true;
    this.#cancelRead?.(new StoqError({ code: 'stoq/stream-reset' }));
    // Both only fail when the connection is gone, which is what a reset asks for.
    this.#native.resetWrite().catch(() => {});
    this.#native.stopRead().catch(() => {});
  }
}
