import { equalBytes, sha256, type Verdict } from '@hypermesh/core';
import { MIN_K, TABLES } from './plot-v1.ts';

/** Bytes of the header: magic, k, plot id, seven table sizes, SHA-256 of all that. */
export const HEADER_BYTES = 112;
/** Every so many-th head of table 7 stands in the index, which is kept in memory. */
export const INDEX_STRIDE = 256;
const MAGIC = new Uint8Array([0x48, 0x4d, 0x50, 0x4c, 0x4f, 0x54, 0x00, 0x01]);

/** What a plot's header says: `counts[t - 1]` entries in table t. */
export interface PlotShape {
  readonly plotId: Uint8Array;
  readonly k: number;
  readonly counts: readonly number[];
}

/** Byte positions of a plot's sections. Numbers in them are little-endian. */
export interface PlotLayout {
  /** Table 1: x values of 4 bytes. Tables 2 … 7: pairs of 6 bytes. */
  readonly tables: readonly number[];
  readonly heads: number;
  readonly index: number;
  readonly indexCount: number;
  readonly sizeBytes: number;
}

export type PlotFileReason = 'truncated' | 'wrong-magic' | 'checksum' | 'bad-size' | 'wrong-length';

/** The 112 bytes that begin a plot. */
export function encodeHeader(shape: PlotShape): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, shape.k, true);
  bytes.set(shape.plotId, 12);
  for (let i = 0; i < TABLES; i++) view.setUint32(44 + 4 * i, shape.counts[i] as number, true);
  bytes.set(sha256(bytes.subarray(0, 80)), 80);
  return bytes;
}

/** Where the sections of such a plot lie. */
function layoutOf(shape: PlotShape): PlotLayout {
  const tables: number[] = [];
  let at = HEADER_BYTES;
  for (const [i, count] of shape.counts.entries()) {
    tables.push(at);
    at += count * (i === 0 ? 4 : 6);
  }
  const last = shape.counts[TABLES - 1] as number;
  const heads = at;
  const index = heads + 4 * last;
  const indexCount = Math.ceil(last / INDEX_STRIDE);
  return { tables, heads, index, indexCount, sizeBytes: index + 4 * indexCount };
}

/** Reads a header of a plot whose file has `sizeBytes`. */
export function decodeHeader(
  bytes: Uint8Array,
  sizeBytes: number,
): Verdict<{ shape: PlotShape; layout: PlotLayout }, PlotFileReason> {
  if (bytes.length < HEADER_BYTES) return { ok: false, reason: 'truncated' };
  if (!equalBytes(bytes.subarray(0, 8), MAGIC)) return { ok: false, reason: 'wrong-magic' };
  if (!equalBytes(bytes.subarray(80, 112), sha256(bytes.subarray(0, 80)))) {
    return { ok: false, reason: 'checksum' };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const k = view.getUint32(8, true);
  const counts = Array.from({ length: TABLES }, (_, i) => view.getUint32(44 + 4 * i, true));
  if (k < MIN_K || k > 31 || counts[0] !== 2 ** k) return { ok: false, reason: 'bad-size' };
  const shape = { plotId: bytes.slice(12, 44), k, counts };
  const layout = layoutOf(shape);
  return layout.sizeBytes === sizeBytes ? { ok: true, shape, layout } : { ok: false, reason: 'wrong-length' };
}
