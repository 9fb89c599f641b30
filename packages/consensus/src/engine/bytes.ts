/** Reads fixed-layout binary of known bounds; any read past the end makes `failed` true and yields zeros. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  #take(length: number): number {
    const at = this.#offset;
    if (length > this.#bytes.length - at) {
      this.failed = true;
      return -1;
    }
    this.#offset = at + length;
    return at;
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : this.#view.getUint8(at);
  }

  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : this.#view.getUint16(at);
  }

  u32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : this.#view.getUint32(at);
  }

  /** An unsigned 64-bit integer that is also a safe number; greater ones fail. */
  u53(): number {
    const at = this.#take(8);
    if (at < 0) return 0;
    const high = this.#view.getUint32(at);
    if (high > 0x1f_ffff) {
      this.failed = true;
      return 0;
    }
    return high * 0x1_0000_0000 + this.#view.getUint32(at + 4);
  }

  /** A view of the next `length` bytes, not a copy. */
  take(length: number): Uint8Array {
    const at = this.#take(length);
    return at < 0 ? new Uint8Array(0) : this.#bytes.subarray(at, at + length);
  }
}

/** Writes fixed-layout binary into one array of exactly `length` bytes. */
export class ByteWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(value: number): this {
    this.#view.setUint8(this.#offset, value);
    this.#offset += 1;
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#offset, value);
    this.#offset += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#offset, value);
    this.#offset += 4;
    return this;
  }

  u53(value: number): this {
    this.#view.setUint32(this.#offset, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(this.#offset + 4, value >>> 0);
    this.#offset += 8;
    return this;
  }

  put(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#offset);
    this.#offset += bytes.length;
    return this;
  }
}
