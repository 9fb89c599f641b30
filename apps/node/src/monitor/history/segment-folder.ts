import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { decodeSegment, encodeSegmentRecord, type SegmentRecord } from './segment.ts';
import type { HistorySeries } from './series.ts';

/** How much of one resolution stays on disk. */
export interface SegmentBounds {
  /** Samples in one segment, and segments that stay. */
  readonly samples: number;
  readonly segments: number;
  /** A segment that is longer is ended, too. */
  readonly segmentBytes: number;
}

/** Segments of one resolution in a folder; one process writes. */
export interface SegmentFolder extends Disposable {
  /** Appends a sample, before it the names of series that the segment does not know yet. Throws what the disk says. */
  append(
    series: readonly HistorySeries[],
    sample: { readonly slot: number; readonly coveredMs: number; readonly values: Float32Array },
  ): void;
  readonly bytes: number;
}

interface OpenSegment {
  readonly number: number;
  readonly descriptor: number;
  /** Where each series stands in the samples of this segment, by its key. */
  readonly places: Map<string, number>;
  samples: number;
}

/**
 * Opens the segments of one resolution and tells what they hold, oldest first. What a crash left half written is cut off; a
 * segment that cannot be read to its end gives what comes before.
 */
export function openSegments(
  folder: string,
  prefix: string,
  bounds: SegmentBounds,
  heard: (records: readonly SegmentRecord[]) => void,
): SegmentFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const sizes = new Map<number, number>();
  const pattern = new RegExp(`^${prefix}-(\\d{1,12})\\.seg$`);
  const pathOf = (number: number) => join(folder, `${prefix}-${number}.seg`);
  for (const name of readdirSync(folder)) {
    const number = pattern.exec(name)?.[1];
    if (number !== undefined) sizes.set(Number(number), statSync(join(folder, name)).size);
  }
  const numbers = [...sizes.keys()].sort((a, b) => a - b);
  let open: OpenSegment | undefined;
  for (const number of numbers) {
    const { records, soundBytes } = decodeSegment(readFileSync(pathOf(number)));
    heard(records);
    sizes.set(number, soundBytes);
    if (number !== numbers.at(-1)) continue;
    const descriptor = openSync(pathOf(number), 'a');
    ftruncateSync(descriptor, soundBytes);
    const names = records.flatMap((record) => (record.type === 'names' ? record.series : []));
    const places = new Map(names.map((series, place) => [series.key, place]));
    open = { number, descriptor, places, samples: records.length };
  }

  function endSegment(): void {
    if (open !== undefined) closeSync(open.descriptor);
    open = undefined;
    const kept = [...sizes.keys()].sort((a, b) => a - b);
    for (const number of kept.slice(0, Math.max(0, kept.length - bounds.segments))) {
      rmSync(pathOf(number), { force: true });
      sizes.delete(number);
    }
  }

  return {
    get bytes() {
      return [...sizes.values()].reduce((sum, size) => sum + size, 0);
    },
    append(series, sample) {
      const isFull =
        open !== undefined &&
        (open.samples >= bounds.samples || (sizes.get(open.number) ?? 0) >= bounds.segmentBytes);
      if (isFull) endSegment();
      if (open === undefined) {
        const number = Math.max(0, ...sizes.keys()) + 1;
        open = { number, descriptor: openSync(pathOf(number), 'a', 0o600), places: new Map(), samples: 0 };
        sizes.set(number, 0);
      }
      const before = sizes.get(open.number) ?? 0;
      const { places } = open;
      const fresh = series.filter((one) => !places.has(one.key));
      const values = new Float32Array(places.size + fresh.length).fill(Number.NaN);
      for (const [index, one] of fresh.entries()) places.set(one.key, values.length - fresh.length + index);
      for (const [index, one] of series.entries()) {
        values[places.get(one.key) as number] = sample.values[index] as number;
      }
      const bytes = Buffer.concat([
        ...(fresh.length === 0 ? [] : [encodeSegmentRecord({ type: 'names', series: fresh })]),
        encodeSegmentRecord({ type: 'sample', ...sample, values }),
      ]);
      try {
        let written = 0;
        while (written < bytes.length) written += writeSync(open.descriptor, bytes, written);
      } catch (error) {
        // A full disk takes a part of it: what is half there must not stand before what comes.
        ftruncateSync(open.descriptor, before);
        for (const one of fresh) places.delete(one.key);
        throw error;
      }
      sizes.set(open.number, before + bytes.length);
      open.samples += 1;
    },
    [Symbol.dispose]() {
      if (open !== undefined) closeSync(open.descriptor);
      open = undefined;
    },
  };
}
