import { createSecretKey } from 'node:crypto';
import type { HandshakeReason, RefusalReason } from '../errors.ts';
import type { CarrierStream } from '../ports.ts';
import { open, seal, TAG_BYTES } from './aead.ts';
import { FRAME, type FrameName } from './messages.ts';
import { uint } from './reader.ts';
import { refusalNumber, refusalReason } from './refusals.ts';

/** A handshake that this end gives up. */
export class HandshakeAbort extends Error {
  readonly reason: HandshakeReason;
  readonly detail: string | undefined;

  constructor(reason: HandshakeReason, detail?: string, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    this.detail = detail;
  }
}

/** A handshake that the other end says it gives up. */
export class PeerRefusal extends Error {
  readonly reason: RefusalReason | 'unknown';

  constructor(reason: RefusalReason | 'unknown') {
    super(reason);
    this.reason = reason;
  }
}

const HEADER_BYTES = 4;

/** Handshake frames over the first stream of a connection; holds no more than one frame and one read. */
export class HandshakeChannel {
  readonly #stream: CarrierStream;
  #buffered: Uint8Array = new Uint8Array();

  constructor(stream: CarrierStream) {
    this.#stream = stream;
  }

  async send(name: FrameName, body: Uint8Array): Promise<void> {
    await this.#write([header(name, body.length), body]);
  }

  /** Sends `plain` sealed under `key`; the frame's header is authenticated with it. */
  async sendSealed(name: FrameName, key: Uint8Array, plain: Uint8Array): Promise<void> {
    const head = header(name, plain.length + TAG_BYTES);
    await this.#write([head, ...seal(createSecretKey(key), counterOf(name), head, plain)]);
  }

  /** Tells the other end why, as far as it still listens. */
  async refuse(reason: RefusalReason): Promise<void> {
    await this.#write([header('refuse', 1), uint(refusalNumber(reason), 1)]);
    await this.#stream.closeWrite();
  }

  /** The body of the next frame, which must be of this type. */
  async receive(name: FrameName): Promise<Uint8Array> {
    const head = await this.#take(HEADER_BYTES);
    const type = head[0];
    const length = Buffer.from(head).readUIntBE(1, 3);
    if (type === FRAME.refuse.type && length === 1) {
      throw new PeerRefusal(refusalReason((await this.#take(1))[0] ?? 0));
    }
    if (type !== FRAME[name].type || length > FRAME[name].maxBytes) throw new HandshakeAbort('bad-frame');
    return this.#take(length);
  }

  async receiveSealed(name: FrameName, key: Uint8Array): Promise<Uint8Array> {
    const sealed = await this.receive(name);
    const plain = open(createSecretKey(key), counterOf(name), header(name, sealed.length), sealed);
    if (plain === undefined) throw new HandshakeAbort('decrypt-failed');
    return plain;
  }

  /** What came behind the last frame: the beginning of the control stream. */
  leftover(): Uint8Array {
    return this.#buffered;
  }

  async #take(length: number): Promise<Uint8Array> {
    if (this.#buffered.length >= length) {
      const taken = this.#buffered.subarray(0, length);
      this.#buffered = this.#buffered.subarray(length);
      return taken;
    }
    // One buffer for a frame that comes in pieces, however small they are: its bound was checked before.
    const taken = Buffer.allocUnsafe(length);
    taken.set(this.#buffered);
    let filled = this.#buffered.length;
    while (filled < length) {
      const bytes = await this.#read();
      if (bytes === undefined) throw new HandshakeAbort('truncated');
      const part = bytes.subarray(0, length - filled);
      taken.set(part, filled);
      filled += part.length;
      this.#buffered = bytes.subarray(part.length);
    }
    return taken;
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      return await this.#stream.read();
    } catch (error) {
      throw new HandshakeAbort('truncated', undefined, { cause: error });
    }
  }

  async #write(parts: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#stream.write(Buffer.concat(parts));
    } catch (error) {
      throw new HandshakeAbort('truncated', undefined, { cause: error });
    }
  }
}

function header(name: FrameName, length: number): Uint8Array {
  return Buffer.concat([uint(FRAME[name].type, 1), uint(length, 3)]);
}

/** The listener seals two frames under one key: its proof with counter 0, `finish` with counter 1. */
function counterOf(name: FrameName): bigint {
  return name === 'finish' ? 1n : 0n;
}
