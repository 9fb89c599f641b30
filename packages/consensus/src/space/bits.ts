/** Reads `bits` (≤ 53) bits of `bytes` from bit `offset`, most significant bit first. */
export function readBits(bytes: Uint8Array, offset: number, bits: number): number {
  let value = 0;
  let left = bits;
  let at = offset;
  while (left > 0) {
    const inByte = 8 - (at & 7);
    const take = Math.min(inByte, left);
    const part = ((bytes[at >>> 3] ?? 0) >>> (inByte - take)) & ((1 << take) - 1);
    value = value * 2 ** take + part;
    at += take;
    left -= take;
  }
  return value;
}

/** Writes the low `bits` (≤ 53) bits of `value` into zeroed `bytes` at bit `offset`, most significant bit first. */
export function writeBits(bytes: Uint8Array, offset: number, value: number, bits: number): void {
  let left = bits;
  let at = offset;
  while (left > 0) {
    const inByte = 8 - (at & 7);
    const take = Math.min(inByte, left);
    const part = Math.floor(value / 2 ** (left - take)) % 2 ** take;
    bytes[at >>> 3] = (bytes[at >>> 3] as number) | (part << (inByte - take));
    at += take;
    left -= take;
  }
}

const swap = (word: number): number =>
  (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);

/**
 * A bit string of at most 512 bits that grows at its end, kept as the 16 little-endian words that a BLAKE3 block
 * wants. After `finish`, unused bits are zero.
 */
export class BitBlock {
  readonly words: Uint32Array = new Uint32Array(16);
  bitLength: number = 0;
  #open = 0;
  #word = 0;

  clear(): void {
    this.bitLength = 0;
    this.#open = 0;
    this.#word = 0;
  }

  /** Appends a value of at most 32 bits; higher bits of `value` must be zero. */
  append(value: number, bits: number): void {
    const fill = this.bitLength & 31;
    this.bitLength += bits;
    const over = fill + bits - 32;
    if (over < 0) {
      this.#open |= value << -over;
      return;
    }
    this.words[this.#word] = swap(this.#open | (value >>> over));
    this.#word++;
    this.#open = over === 0 ? 0 : value << (32 - over);
  }

  /** Appends a value of at most 53 bits. */
  appendWide(value: number, bits: number): void {
    if (bits > 25) this.append(Math.floor(value / 2 ** 25), bits - 25);
    this.append(value % 2 ** 25, Math.min(bits, 25));
  }

  finish(): void {
    this.words[this.#word] = swap(this.#open);
    for (let i = this.#word + 1; i < 16; i++) this.words[i] = 0;
  }
}

/** Reads `bits` (≤ 32) bits at `offset` of a digest given as little-endian words. */
export function digestBits(digest: Uint32Array, offset: number, bits: number): number {
  const fill = offset & 31;
  const first = swap(digest[offset >>> 5] as number) << fill;
  const over = fill + bits - 32;
  if (over <= 0) return first >>> (32 - bits);
  const second = swap(digest[(offset >>> 5) + 1] as number);
  return ((first >>> (32 - bits)) | (second >>> (32 - over))) >>> 0;
}
