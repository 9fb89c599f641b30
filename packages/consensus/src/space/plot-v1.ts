import { BitBlock, digestBits, readBits } from './bits.ts';
import { blake3Block } from './blake3-block.ts';
import { createChaCha8 } from './chacha8.ts';

/** Parameters of chiapos v1: y has k + 6 bits and falls into buckets of B·C values. */
const B = 119;
const C = 127;
export const BUCKET: number = B * C;
export const EXTRA_BITS = 6;
export const MATCHES_PER_ENTRY: number = 1 << EXTRA_BITS;
export const MIN_K = 18;
export const MAX_K = 50;
export const TABLES = 7;

/** Number of k-bit values that an entry of table 1 … 7 carries on to the next table; table 7 carries none. */
export const CARRIED = [0, 1, 2, 4, 4, 3, 2, 0] as const;

/**
 * Where a right entry must lie in its bucket to match a left one: `targets[parity][left · 64 + m]`, parity being that
 * of the left bucket.
 */
export const targets: readonly [Uint16Array, Uint16Array] = [0, 1].map((parity) => {
  const table = new Uint16Array(BUCKET * MATCHES_PER_ENTRY);
  for (let left = 0; left < BUCKET; left++) {
    const group = Math.floor(left / C);
    for (let m = 0; m < MATCHES_PER_ENTRY; m++) {
      table[left * MATCHES_PER_ENTRY + m] = ((group + m) % B) * C + (((2 * m + parity) ** 2 + left) % C);
    }
  }
  return table;
}) as [Uint16Array, Uint16Array];

/** The key of a plot's ChaCha8: a one, then the first 31 bytes of the plot id. */
export function plotKey(plotId: Uint8Array): Uint8Array {
  const key = new Uint8Array(32);
  key[0] = 1;
  key.set(plotId.subarray(0, 31), 1);
  return key;
}

/** An entry while a proof is checked: y = head · 64 + tail with a k-bit head, and its k-bit values. */
export interface Entry {
  readonly head: number;
  readonly tail: number;
  readonly values: readonly number[];
}

/** Table 1 for one x at a time. */
export function createF1(plotId: Uint8Array, k: number): (x: number) => Entry {
  const keystream = createChaCha8(plotKey(plotId));
  const block = new Uint8Array(128);
  return (x) => {
    // x·k overflows a double for large k; the block number does not.
    const low = (x % 512) * k;
    const counter = Math.floor(x / 512) * k + Math.floor(low / 512);
    keystream(counter, block, 0);
    if ((low % 512) + k > 512) keystream(counter + 1, block, 64);
    const head = readBits(block, low % 512, k);
    return { head, tail: Math.floor(x / 2 ** (k - EXTRA_BITS)), values: [x] };
  };
}

const input = new BitBlock();
const digest = new Uint32Array(8);

function digestWide(offset: number, bits: number): number {
  if (bits <= 32) return digestBits(digest, offset, bits);
  return digestBits(digest, offset, 25) * 2 ** (bits - 25) + digestBits(digest, offset + 25, bits - 25);
}

/** The entry of `table` (2 … 7) made of a matching pair of the table before it. */
export function combine(table: number, k: number, left: Entry, right: Entry): Entry {
  input.clear();
  input.appendWide(left.head, k);
  input.append(left.tail, EXTRA_BITS);
  for (const value of left.values) input.appendWide(value, k);
  for (const value of right.values) input.appendWide(value, k);
  input.finish();
  blake3Block(input.words, (input.bitLength + 7) >>> 3, digest);
  const carried = CARRIED[table] as number;
  const values =
    table < 4
      ? [...left.values, ...right.values]
      : Array.from({ length: carried }, (_, i) => digestWide(k + EXTRA_BITS + i * k, k));
  return { head: digestWide(0, k), tail: digestBits(digest, k, EXTRA_BITS), values };
}

/** Bucket and place in it of an entry's y, exact although y may exceed 2^53. */
function bucketOf(entry: Entry): { readonly bucket: number; readonly place: number } {
  const rest = (entry.head % BUCKET) * MATCHES_PER_ENTRY + entry.tail;
  return {
    bucket: Math.floor(entry.head / BUCKET) * MATCHES_PER_ENTRY + Math.floor(rest / BUCKET),
    place: rest % BUCKET,
  };
}

/** Whether two entries of one table make an entry of the next. */
export function isMatch(left: Entry, right: Entry): boolean {
  const l = bucketOf(left);
  const r = bucketOf(right);
  if (r.bucket - l.bucket !== 1) return false;
  const table = targets[l.bucket % 2 === 0 ? 0 : 1];
  const from = l.place * MATCHES_PER_ENTRY;
  for (let m = 0; m < MATCHES_PER_ENTRY; m++) if (table[from + m] === r.place) return true;
  return false;
}
