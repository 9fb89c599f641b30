import { StoqError } from '../errors.ts';

const CAPACITY = 256 * 1024;

/** One direction of an in-memory stream: writes wait while `CAPACITY` bytes are unread. */
export class MemoryPipe {
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #state: 'open' | 'ended' | 'failed' = 'open';
  #wake: (() => void)[] = [];
  readonly #settled = Promise.withResolvers<void>();
  /** Resolves when nothing will pass any more. */
  readonly done: Promise<void> = this.#settled.promise;

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#state === 'failed') throw new StoqError({ code: 'stoq/stream-reset' });
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#buffered -= chunk.length;
        this.#notify();
        return chunk;
      }
      if (this.#state === 'ended') return undefined;
      await this.#change();
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    const copy = Uint8Array.prototype.slice.call(bytes);
    for (let at = 0; at < copy.length; ) {
      if (this.#state !== 'open') throw new StoqError({ code: 'stoq/stream-reset' });
      const room = CAPACITY - this.#buffered;
      if (room === 0) {
        await this.#change();
        continue;
      }
      const part = copy.subarray(at, at + room);
      this.#chunks.push(part);
      this.#buffered += part.length;
      at += part.length;
      this.#notify();
    }
  }

  end(): void {
    this.#finish('ended');
  }

  fail(): void {
    this.#chunks = [];
    this.#finish('failed');
  }

  #finish(state: 'ended' | 'failed'): void {
    if (this.#state === 'failed' || (this.#state === 'ended' && state === 'ended')) return;
    this.#state = state;
    this.#settled.resolve();
    this.#notify();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
