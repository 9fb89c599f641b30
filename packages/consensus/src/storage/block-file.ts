import { open, readFile } from 'node:fs/promises';
import { concatBytes } from '@hypermesh/core';
import { ByteReader, ByteWriter } from '../engine/bytes.ts';
import { ConsensusError } from '../errors.ts';
import type { BlockStore } from '../ports.ts';
import { encodeFrame, FRAME_HEAD_BYTES, frameAt, type ReadAt, scanFrames } from './frame.ts';
import { replaceFile } from './replace-file.ts';
import { readThroughWindow } from './window.ts';

/** Finalized blocks in one file, a frame each, the sequence being the height; the index is made when it is opened. */
export interface BlockFile extends BlockStore {
  close(): Promise<void>;
}

/** Height up to which the blocks were durable at the last `sync`. */
async function durableHeight(file: string): Promise<number> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return bytes === undefined ? 0 : new ByteReader(bytes).u53();
}

/**
 * Opens the block file, or creates it. Reads and checks every frame. What lies above the last synced height may be
 * torn in any way and is cut off, since the log still holds it; damage below is refused.
 */
export async function openBlockFile(file: string, storeId: Uint8Array): Promise<BlockFile> {
  const handle = await open(file, 'a+').then(async (created) => {
    await created.close();
    return open(file, 'r+');
  });
  const places: { offset: number; length: number }[] = [];
  const corrupt = (offset: number, reason: string): ConsensusError =>
    new ConsensusError(
      { code: 'consensus/storage-corrupt', file, offset, reason },
      `${file} is damaged at byte ${offset}: ${reason}`,
    );
  let end = 0;
  try {
    const { size } = await handle.stat();
    const read = readThroughWindow(handle.fd);
    const scan = scanFrames(read, { storeId, start: 0, size, firstSequence: 1 }, (payload, offset) => {
      places.push({ offset: offset + FRAME_HEAD_BYTES, length: payload.length });
    });
    const durable = await durableHeight(`${file}.durable`);
    if (places.length < durable) {
      throw corrupt(scan.end, scan.fault?.reason ?? `blocks ${places.length + 1} to ${durable} are missing`);
    }
    if (scan.end < size) await handle.truncate(scan.end);
    end = scan.end;
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    get height() {
      return places.length;
    },
    async append(entries) {
      const first = places.length + 1;
      const frames = entries.map((entry, index) => encodeFrame(storeId, first + index, entry));
      const whole = concatBytes(...frames);
      await handle.write(whole, 0, whole.length, end);
      for (const frame of frames) {
        places.push({ offset: end + FRAME_HEAD_BYTES, length: frame.length - FRAME_HEAD_BYTES });
        end += frame.length;
      }
    },
    async read(height) {
      const place = places[height - 1];
      if (place === undefined) return undefined;
      const whole = new Uint8Array(FRAME_HEAD_BYTES + place.length);
      await handle.read(whole, 0, whole.length, place.offset - FRAME_HEAD_BYTES);
      const read: ReadAt = (offset, length) => whole.subarray(offset, offset + length);
      const frame = frameAt(read, 0, storeId);
      if (frame?.sequence !== height) throw corrupt(place.offset, `block ${height} is damaged`);
      return frame.payload;
    },
    async sync() {
      const height = places.length;
      await handle.datasync();
      await replaceFile(`${file}.durable`, new ByteWriter(8).u53(height).bytes);
    },
    close: () => handle.close(),
  };
}
