/** Reads a bounded message field by field; any read past the end makes `isSound` false and answers zeros. */
export class FieldReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #isSound = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether every read so far was within the message. */
  get isSound(): boolean {
    return this.#isSound;
  }

  /** Whether every read was within the message and nothing is left. */
  get isComplete(): boolean {
    return this.#isSound && this.#at === this.#bytes.length;
  }

  bytes(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) {
      this.#isSound = false;
      return new Uint8Array();
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  /** An unsigned integer of `size` bytes, most significant first, `size` at most 6. */
  uint(size: number): number {
    return this.bytes(size).reduce((value, byte) => value * 256 + byte, 0);
  }
}

/** An unsigned integer as `size` bytes, most significant first. */
export function uint(value: number, size: number): Uint8Array {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}
