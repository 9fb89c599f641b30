import { bytesOf } from '../bytes.ts';
import { ConsensusError } from '../errors.ts';
import { readBits, writeBits } from './bits.ts';
import type { Plot } from './plot.ts';
import { INDEX_STRIDE } from './plot-file.ts';
import { verifyPlotProof } from './verify.ts';

const u32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);

const indexes = new WeakMap<Plot, Promise<Uint8Array>>();

function indexOf(plot: Plot): Promise<Uint8Array> {
  let index = indexes.get(plot);
  if (index === undefined) {
    index = plot.read(plot.layout.index, 4 * plot.layout.indexCount);
    indexes.set(plot, index);
  }
  return index;
}

/** One challenge finds one entry on average; so many only in a damaged plot, which must not keep the thread. */
const MAX_FOUND = 32;

/** Positions in table 7 whose head is `head`. */
async function findHead(plot: Plot, head: number): Promise<number[]> {
  const index = await indexOf(plot);
  let low = 0;
  let high = plot.layout.indexCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (u32(index, 4 * middle) < head) low = middle + 1;
    else high = middle;
  }
  // Equal heads may begin one stride before the first indexed one that is not below, and are too few to fill the next.
  const first = Math.max(0, low - 1) * INDEX_STRIDE;
  const last = Math.min(first + 3 * INDEX_STRIDE, plot.shape.counts[6] as number);
  const found: number[] = [];
  for (let from = first; from < last; from += INDEX_STRIDE) {
    const count = Math.min(INDEX_STRIDE, last - from);
    const heads = await plot.read(plot.layout.heads + 4 * from, 4 * count);
    for (let i = 0; i < count; i++) {
      const value = u32(heads, 4 * i);
      if (value > head || found.length === MAX_FOUND) return found;
      if (value === head) found.push(from + i);
    }
  }
  return found;
}

/** The 64 x values below an entry, in the order in which they match. */
async function collect(plot: Plot, table: number, position: number): Promise<number[]> {
  const base = plot.layout.tables[table - 1] as number;
  if (table === 1) return [u32(await plot.read(base + 4 * position, 4), 0)];
  const pair = await plot.read(base + 6 * position, 6);
  const left = u32(pair, 0);
  const right = left + (pair[4] as number) + 256 * (pair[5] as number);
  if (right >= (plot.shape.counts[table - 2] as number)) return [];
  return [...(await collect(plot, table - 1, left)), ...(await collect(plot, table - 1, right))];
}

/**
 * All proofs that a plot holds for a challenge of 32 bytes, or their hex: none, one or a few (one on average). Each was
 * verified here, so that a damaged plot answers less and never falsely. Throws `consensus/bad-argument` for a challenge
 * that is none.
 */
export async function provePlot(plot: Plot, asked: Uint8Array | string): Promise<Uint8Array[]> {
  const challenge = bytesOf(asked, 32);
  if (challenge === undefined) {
    throw new ConsensusError(
      { code: 'consensus/bad-argument', argument: 'challenge', expected: '32 bytes' },
      'challenge must be 32 bytes',
    );
  }
  const { k, plotId } = plot;
  const proofs: Uint8Array[] = [];
  for (const position of await findHead(plot, readBits(challenge, 0, k))) {
    const xs = await collect(plot, 7, position);
    if (xs.length !== 64) continue;
    const proof = new Uint8Array(8 * k);
    for (const [i, x] of xs.entries()) writeBits(proof, i * k, x, k);
    if (verifyPlotProof({ plotId, k, challenge, proof }).ok) proofs.push(proof);
  }
  return proofs;
}
