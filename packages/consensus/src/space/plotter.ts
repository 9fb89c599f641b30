import { BitBlock, digestBits, readBits } from './bits.ts';
import { blake3Block } from './blake3-block.ts';
import { createChaCha8 } from './chacha8.ts';
import { encodeHeader, INDEX_STRIDE, type PlotShape } from './plot-file.ts';
import { BUCKET, CARRIED, EXTRA_BITS, MATCHES_PER_ENTRY, plotKey, TABLES, targets } from './plot-v1.ts';
import { gather, sortedOrder } from './radix-sort.ts';

/** Largest k that this plotter makes: y must fit in 32 bits. */
export const MAX_PLOTTER_K = 26;

/** One table in ascending order of y; `values` holds CARRIED[table] values of k bits to an entry. */
interface Table {
  readonly count: number;
  readonly ys: Uint32Array;
  readonly values: Uint32Array;
}

/** Where the plotter puts the bytes of a plot: sections in order, then the header at the front. */
export interface PlotSink {
  append(section: Uint8Array): void;
  finish(header: Uint8Array): void;
}

const bytesOfWords = (words: Uint32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

function firstTable(plotId: Uint8Array, k: number): Table {
  const count = 2 ** k;
  const keystream = createChaCha8(plotKey(plotId));
  // 512 outputs take exactly k blocks, so no output straddles two turns of this loop.
  const blocks = new Uint8Array(64 * k);
  const ys = new Uint32Array(count);
  for (let base = 0; base < count; base += 512) {
    for (let b = 0; b < k; b++) keystream((base / 512) * k + b, blocks, 64 * b);
    for (let i = 0; i < 512; i++) {
      const x = base + i;
      ys[x] = readBits(blocks, i * k, k) * MATCHES_PER_ENTRY + (x >>> (k - EXTRA_BITS));
    }
  }
  const order = sortedOrder(ys, count, k + EXTRA_BITS);
  return { count, ys: gather(ys, order), values: order };
}

/** Room for a table: it comes near 2^k entries; a twentieth more has never been seen to be short, and it may grow. */
class Pairs {
  count = 0;
  lefts: Uint32Array;
  offsets: Uint16Array;
  ys: Uint32Array;
  values: Uint32Array;
  readonly width: number;

  constructor(k: number, width: number) {
    const room = Math.ceil(2 ** k * 1.05);
    this.width = width;
    this.lefts = new Uint32Array(room);
    this.offsets = new Uint16Array(room);
    this.ys = new Uint32Array(room);
    this.values = new Uint32Array(room * width);
  }

  grow(): void {
    const copy = <T extends Uint32Array | Uint16Array>(next: T, old: T): T => {
      next.set(old);
      return next;
    };
    const room = Math.ceil(this.lefts.length * 1.1);
    this.lefts = copy(new Uint32Array(room), this.lefts);
    this.offsets = copy(new Uint16Array(room), this.offsets);
    this.ys = copy(new Uint32Array(room), this.ys);
    this.values = copy(new Uint32Array(room * this.width), this.values);
  }
}

function matchTable(table: number, k: number, previous: Table): Pairs {
  const width = CARRIED[table] as number;
  const carried = CARRIED[table - 1] as number;
  const pairs = new Pairs(k, width);
  const { ys, values, count } = previous;
  const input = new BitBlock();
  const digest = new Uint32Array(8);
  const firstAt = new Uint32Array(BUCKET);
  const countAt = new Uint16Array(BUCKET);
  const inputBytes = (k + EXTRA_BITS + 2 * carried * k + 7) >>> 3;

  const addPair = (left: number, right: number): void => {
    if (pairs.count === pairs.lefts.length) pairs.grow();
    const at = pairs.count++;
    input.clear();
    input.append(ys[left] as number, k + EXTRA_BITS);
    for (let i = 0; i < carried; i++) input.append(values[left * carried + i] as number, k);
    for (let i = 0; i < carried; i++) input.append(values[right * carried + i] as number, k);
    input.finish();
    blake3Block(input.words, inputBytes, digest);
    pairs.lefts[at] = left;
    pairs.offsets[at] = right - left;
    pairs.ys[at] = digestBits(digest, 0, k + EXTRA_BITS);
    if (table < 4) {
      for (let i = 0; i < carried; i++) {
        pairs.values[at * width + i] = values[left * carried + i] as number;
        pairs.values[at * width + carried + i] = values[right * carried + i] as number;
      }
    } else {
      for (let i = 0; i < width; i++) {
        pairs.values[at * width + i] = digestBits(digest, k + EXTRA_BITS + i * k, k);
      }
    }
  };

  const bucketAt = (i: number): number => Math.floor((ys[i] as number) / BUCKET);
  const endOf = (from: number, bucket: number): number => {
    let end = from;
    while (end < count && bucketAt(end) === bucket) end++;
    return end;
  };

  let leftFrom = 0;
  let leftBucket = bucketAt(0);
  let leftEnd = endOf(0, leftBucket);
  while (leftEnd < count) {
    const rightBucket = bucketAt(leftEnd);
    const rightEnd = endOf(leftEnd, rightBucket);
    if (rightBucket === leftBucket + 1) {
      const base = rightBucket * BUCKET;
      for (let i = leftEnd; i < rightEnd; i++) {
        const place = (ys[i] as number) - base;
        if (countAt[place] === 0) firstAt[place] = i;
        countAt[place] = (countAt[place] as number) + 1;
      }
      const table = targets[(leftBucket & 1) as 0 | 1];
      for (let left = leftFrom; left < leftEnd; left++) {
        const from = ((ys[left] as number) - leftBucket * BUCKET) * MATCHES_PER_ENTRY;
        for (let m = from; m < from + MATCHES_PER_ENTRY; m++) {
          const place = table[m] as number;
          const found = countAt[place] as number;
          for (let r = 0; r < found; r++) addPair(left, (firstAt[place] as number) + r);
        }
      }
      for (let i = leftEnd; i < rightEnd; i++) countAt[(ys[i] as number) - base] = 0;
    }
    leftFrom = leftEnd;
    leftEnd = rightEnd;
    leftBucket = rightBucket;
  }
  return pairs;
}

/** Back pointers as the file holds them: position of the left entry (32 bits) and distance to the right one (16). */
function encodePairs(pairs: Pairs, order: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(order.length * 6);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < order.length; i++) {
    const from = order[i] as number;
    view.setUint32(6 * i, pairs.lefts[from] as number, true);
    view.setUint16(6 * i + 4, pairs.offsets[from] as number, true);
  }
  return bytes;
}

/**
 * Computes a whole plot and hands its sections to `sink`. Holds two tables at a time, about 90·2^k bytes, and runs
 * for seconds (k = 18) to minutes: only ever in a worker. `onTable` hears of each finished table.
 */
export function buildPlot(
  plotId: Uint8Array,
  k: number,
  options: { readonly sink: PlotSink; readonly onTable?: (table: number) => void },
): void {
  const { sink, onTable } = options;
  const counts = [2 ** k];
  let previous = firstTable(plotId, k);
  sink.append(bytesOfWords(previous.values));
  onTable?.(1);
  for (let table = 2; table <= TABLES; table++) {
    const pairs = matchTable(table, k, previous);
    const order = sortedOrder(pairs.ys, pairs.count, k + EXTRA_BITS);
    counts.push(pairs.count);
    sink.append(encodePairs(pairs, order));
    previous = {
      count: pairs.count,
      ys: gather(pairs.ys, order),
      values: gather(pairs.values, order, pairs.width),
    };
    onTable?.(table);
  }
  const heads = previous.ys.map((y) => y >>> EXTRA_BITS);
  sink.append(bytesOfWords(heads));
  sink.append(bytesOfWords(heads.filter((_, i) => i % INDEX_STRIDE === 0)));
  const shape: PlotShape = { plotId, k, counts };
  sink.finish(encodeHeader(shape));
}
