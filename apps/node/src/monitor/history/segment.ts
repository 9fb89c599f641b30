import { crc32 } from 'node:zlib';
import { type HistorySeries, type SeriesKind, seriesOf } from './series.ts';

/*
 * A segment of the history on disk: records, each `u32 length, u32 CRC-32, payload`. A payload is `u8 1` and the JSON of
 * the series from here on (`[name, labels, kind]`, numbered in order of their coming), or `u8 2`, `f64 slot`, `f32
 * covered milliseconds` and one `f32` for each series by number.
 */

const headBytes = 8;
const maxPayloadBytes = 1024 * 1024;
const [namesType, sampleType] = [1, 2];
const sampleHeadBytes = 13;
const kinds: readonly SeriesKind[] = ['count', 'level', 'peak'];

/** What one record says. */
export type SegmentRecord =
  | { readonly type: 'names'; readonly series: readonly HistorySeries[] }
  | {
      readonly type: 'sample';
      readonly slot: number;
      readonly coveredMs: number;
      readonly values: Float32Array;
    };

/** One record, ready to be appended. */
export function encodeSegmentRecord(record: SegmentRecord): Buffer {
  const payload = record.type === 'names' ? encodeNames(record.series) : encodeSample(record);
  const bytes = Buffer.allocUnsafe(headBytes + payload.length);
  bytes.writeUInt32BE(payload.length, 0);
  bytes.writeUInt32BE(crc32(payload), 4);
  payload.copy(bytes, headBytes);
  return bytes;
}

function encodeNames(series: readonly HistorySeries[]): Buffer {
  const rows = series.map(({ name, labels, kind }) => [name, labels, kind]);
  return Buffer.concat([Buffer.of(namesType), Buffer.from(JSON.stringify(rows))]);
}

function encodeSample({ slot, coveredMs, values }: Extract<SegmentRecord, { type: 'sample' }>): Buffer {
  const bytes = Buffer.allocUnsafe(sampleHeadBytes + values.length * 4);
  bytes[0] = sampleType;
  bytes.writeDoubleBE(slot, 1);
  bytes.writeFloatBE(coveredMs, 9);
  for (const [index, value] of values.entries()) bytes.writeFloatBE(value, sampleHeadBytes + index * 4);
  return bytes;
}

/** Reads a segment up to its first record that is not whole; `soundBytes` is where that is. */
export function decodeSegment(bytes: Buffer): {
  readonly records: readonly SegmentRecord[];
  readonly soundBytes: number;
} {
  const records: SegmentRecord[] = [];
  let at = 0;
  while (at + headBytes <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    const end = at + headBytes + length;
    if (length > maxPayloadBytes || end > bytes.length) break;
    const payload = bytes.subarray(at + headBytes, end);
    if (crc32(payload) !== bytes.readUInt32BE(at + 4)) break;
    const record = decodePayload(payload);
    if (record === undefined) break;
    records.push(record);
    at = end;
  }
  return { records, soundBytes: at };
}

function decodePayload(payload: Buffer): SegmentRecord | undefined {
  if (payload[0] === namesType) return decodeNames(payload.toString('utf8', 1));
  if (payload[0] !== sampleType || payload.length < sampleHeadBytes) return undefined;
  const count = (payload.length - sampleHeadBytes) >> 2;
  const values = new Float32Array(count);
  for (let index = 0; index < count; index += 1)
    values[index] = payload.readFloatBE(sampleHeadBytes + index * 4);
  return { type: 'sample', slot: payload.readDoubleBE(1), coveredMs: payload.readFloatBE(9), values };
}

function decodeNames(text: string): SegmentRecord | undefined {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(rows)) return undefined;
  const series = rows.map(seriesIn);
  return series.every((one) => one !== undefined) ? { type: 'names', series } : undefined;
}

function seriesIn(row: unknown): HistorySeries | undefined {
  if (!Array.isArray(row)) return undefined;
  const [name, labels, kind] = row as unknown[];
  const isKnown = kinds.some((one) => one === kind);
  if (typeof name !== 'string' || !isKnown || typeof labels !== 'object' || labels === null) return undefined;
  if (Object.values(labels).some((value) => typeof value !== 'string')) return undefined;
  return seriesOf(name, labels as Record<string, string>, kind as SeriesKind);
}
