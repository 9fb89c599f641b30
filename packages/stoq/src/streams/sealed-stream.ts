import { asStreamError, StoqError } from '../errors.ts';
import type { CarrierStream } from '../ports.ts';
import { giveBuffer } from '../session/buffers.ts';
import type { RecordOpener, RecordSealer } from '../session/record.ts';
import { RECORD_BYTES } from '../session/record-bounds.ts';

/** A read that came back with so much has more behind it: the next one is asked for before this one is opened. */
const BULK = 32 * 1024;

/** A record of one stream among very many. */
const SMALL_RECORD = 8 * 1024;

/** The plain side of a carrier stream: sealed records, and an end that cannot be forged. One reader, one writer. */
export class SealedStream {
  readonly #carrier: CarrierStream;
  readonly #sealer: RecordSealer;
  readonly #opener: RecordOpener;
  readonly #isCrowded: () => boolean;
  #prefix: Uint8Array | undefined;
  #written: Promise<void> = Promise.resolve();
  #writeError: StoqError | undefined;
  #ahead: Promise<Uint8Array | undefined> | undefined;
  #hasEnded = false;
  #isReset = false;
  #isWriteClosed = false;
  readonly #done = Promise.withResolvers<void>();
  /** Resolves when both directions have ended or the stream was reset. */
  readonly done: Promise<void> = this.#done.promise;

  /**
   * `prefix` goes out in clear before the first record: the stream's number, by the end that opened it. While `isCrowded`, records are small
   * and nothing is read ahead, so that very many streams hold little each.
   */
  constructor(
    carrier: CarrierStream,
    keys: { sealer: RecordSealer; opener: RecordOpener; prefix?: Uint8Array; isCrowded?: () => boolean },
  ) {
    this.#carrier = carrier;
    this.#sealer = keys.sealer;
    this.#opener = keys.opener;
    this.#prefix = keys.prefix;
    this.#isCrowded = keys.isCrowded ?? (() => false);
  }

  /**
   * Seals and sends. Resolves when all but the last record is with the carrier, so that sealing overlaps sending; waits
   * while the other end does not read. `isLast` ends the direction.
   */
  async write(bytes: Uint8Array, isLast = false): Promise<void> {
    let at = 0;
    do {
      const part = bytes.subarray(at, at + (this.#isCrowded() ? SMALL_RECORD : RECORD_BYTES));
      at += part.length;
      const record = this.#sealer.seal(part, isLast && at >= bytes.length, this.#takePrefix());
      const before = this.#written;
      // Each behind the one before, in the order of their counters, also where two writes are under way at once.
      this.#written = before.then(() => this.#send(record));
      await before;
      if (this.#writeError !== undefined) throw this.#writeError;
    } while (at < bytes.length);
    if (isLast) await this.closeCarrier();
  }

  /** Hands a record to the carrier. Never rejects: a failure is told by the next write. */
  async #send(record: Uint8Array): Promise<void> {
    if (this.#writeError !== undefined) return;
    try {
      await this.#carrier.write(record);
      giveBuffer(record);
    } catch (error) {
      this.#writeError = asStreamError(error);
    }
  }

  /** Waits until the carrier took everything, then closes the carrier's side, without the sealed end that `write` makes. */
  async closeCarrier(): Promise<void> {
    await this.flush();
    await this.#carrier.closeWrite();
    this.#isWriteClosed = true;
    this.#settle();
  }

  /** Resolves when the carrier has taken all that was written. */
  async flush(): Promise<void> {
    await this.#written;
    if (this.#writeError !== undefined) throw this.#writeError;
  }

  /**
   * The plain bytes of the next record, never empty; undefined after the sealed end. A carrier that ends without it throws
   * `stoq/record` `truncated`, and a record that does not open resets the stream.
   */
  async read(): Promise<Uint8Array | undefined> {
    while (!this.#hasEnded) {
      const record = this.#nextRecord();
      if (record !== undefined) {
        this.#hasEnded = record.isLast;
        this.#settle();
        if (record.plain.length > 0) return record.plain;
        continue;
      }
      const bytes = await this.#readCarrier();
      if (bytes === undefined) throw new StoqError({ code: 'stoq/record', reason: 'truncated' });
      if (bytes.length >= BULK && !this.#isCrowded()) this.#readAhead();
      this.#opener.push(bytes);
    }
    return undefined;
  }

  /** Waits for the other end to finish without another word: how it did. Used where the protocol allows no more bytes. */
  async finished(): Promise<'ended' | 'reset' | 'unexpected-bytes'> {
    // What came in one read with the last record that was wanted is as much too much as what comes after it.
    if (this.#opener.hasInput) return 'unexpected-bytes';
    try {
      const bytes = await this.#readCarrier();
      this.#hasEnded = true;
      this.#settle();
      return bytes === undefined ? 'ended' : 'unexpected-bytes';
    } catch {
      // The carrier's only failure here is a reset, by either end.
      this.#done.resolve();
      return 'reset';
    }
  }

  /** Reads unopened bytes away until the other end finishes; more than `maxBytes` of them reset the stream. */
  async discard(maxBytes: number): Promise<void> {
    let left = maxBytes;
    try {
      for (;;) {
        const bytes = await this.#readCarrier();
        if (bytes === undefined) break;
        left -= bytes.length;
        if (left < 0) return this.reset();
      }
      this.#hasEnded = true;
      this.#settle();
    } catch {
      // A reset is an end too.
      this.#done.resolve();
    }
  }

  /** Gives up both directions. Idempotent. */
  reset(): void {
    this.#isReset = true;
    this.#carrier.reset();
    this.#done.resolve();
  }

  get isReset(): boolean {
    return this.#isReset;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  #settle(): void {
    if (this.#hasEnded && this.#isWriteClosed) this.#done.resolve();
  }

  #nextRecord() {
    try {
      return this.#opener.next();
    } catch (error) {
      this.reset();
      throw error;
    }
  }

  async #readCarrier(): Promise<Uint8Array | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    try {
      return await (ahead ?? this.#carrier.read());
    } catch (error) {
      this.reset();
      throw error;
    }
  }

  #readAhead(): void {
    const ahead = this.#carrier.read();
    // Its failure is told by the read that takes it; until then it must not count as unhandled.
    ahead.catch(() => {});
    this.#ahead = ahead;
  }

  #takePrefix(): Uint8Array | undefined {
    const prefix = this.#prefix;
    this.#prefix = undefined;
    return prefix;
  }
}
