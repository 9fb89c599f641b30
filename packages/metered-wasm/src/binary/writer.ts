/** Builds bytes of the binary format; grows by doubling. */
export class Writer {
  #bytes: Uint8Array;
  length = 0;

  constructor(capacity = 1_024) {
    this.#bytes = new Uint8Array(capacity);
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const next = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + more));
    next.set(this.#bytes.subarray(0, this.length));
    this.#bytes = next;
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
    return this;
  }

  /** Appends each byte as it stands. */
  raw(...values: readonly number[]): this {
    this.#reserve(values.length);
    for (const value of values) this.#bytes[this.length++] = value;
    return this;
  }

  bytes(source: Uint8Array): this {
    this.#reserve(source.length);
    this.#bytes.set(source, this.length);
    this.length += source.length;
    return this;
  }

  /** Copies `source[from, to)`. */
  range(source: Uint8Array, from: number, to: number): this {
    const length = to - from;
    this.#reserve(length);
    if (length < 16) {
      for (let index = from; index < to; index++) this.#bytes[this.length++] = source[index] as number;
      return this;
    }
    this.#bytes.set(source.subarray(from, to), this.length);
    this.length += length;
    return this;
  }

  u32(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.byte(rest);
  }

  /** Signed LEB128 of an integer within the safe range. */
  signed(value: number): this {
    let rest = value;
    for (;;) {
      const low = ((rest % 0x80) + 0x80) % 0x80;
      rest = (rest - low) / 0x80;
      if ((rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  name(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.u32(bytes.length).bytes(bytes);
  }

  /** Appends `part` behind its length. */
  sized(part: Writer): this {
    return this.u32(part.length).bytes(part.view());
  }

  /** What was written so far, without a copy; valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length) as Uint8Array<ArrayBuffer>;
  }

  clear(): this {
    this.length = 0;
    return this;
  }
}
