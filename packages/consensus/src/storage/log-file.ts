import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '@hypermesh/core';
import { ByteReader, ByteWriter } from '../engine/bytes.ts';
import { ConsensusError } from '../errors.ts';
import type { WriteAheadLog } from '../ports.ts';
import { decodeBatch, encodeBatch, encodeFrame, scanFrames } from './frame.ts';
import type { GuardFile } from './guard-file.ts';
import { replaceFile } from './replace-file.ts';
import { readThroughWindow } from './window.ts';

const MAGIC = 0x484d_574c;
/** Bytes before the first frame of a log. */
export const LOG_HEAD_BYTES = 24;
/** What a log file is called, by its generation. */
export const LOG_NAME = /^log-(\d{1,12})\.wal$/;

/** A log of frames, one for each append, made durable by fdatasync. */
export interface LogFile extends WriteAheadLog {
  close(): Promise<void>;
}

function corrupt(file: string, offset: number, reason: string): ConsensusError {
  return new ConsensusError(
    { code: 'consensus/storage-corrupt', file, offset, reason },
    `${file} is damaged at byte ${offset}: ${reason}`,
  );
}

function headOf(storeId: Uint8Array): Uint8Array {
  return new ByteWriter(LOG_HEAD_BYTES).u32(MAGIC).u32(1).put(storeId).bytes;
}

async function generations(dir: string): Promise<number[]> {
  const names = await readdir(dir);
  return names
    .flatMap((name) => (LOG_NAME.exec(name)?.[1] === undefined ? [] : [Number(LOG_NAME.exec(name)?.[1])]))
    .sort((a, b) => b - a);
}

/** Opens the newest log in `dir`, or starts one. */
export async function openLogFile(dir: string, guard: GuardFile): Promise<LogFile> {
  const { storeId } = guard;
  const found = await generations(dir);
  const pathOf = (generation: number): string => join(dir, `log-${generation}.wal`);
  let generation = found[0] ?? 1;
  for (const old of found.slice(1)) await rm(pathOf(old), { force: true });
  if (found.length === 0) {
    await guard.muteAll();
    await replaceFile(pathOf(generation), headOf(storeId));
  }

  let handle: FileHandle = await open(pathOf(generation), 'r+');
  const records: Uint8Array[] = [];
  let end = LOG_HEAD_BYTES;
  let sequence = 0;
  try {
    const { size } = await handle.stat();
    const read = readThroughWindow(handle.fd);
    const head = new ByteReader(read(0, LOG_HEAD_BYTES));
    const fits = head.u32() === MAGIC && head.u32() === 1;
    const isOurs = equalBytes(head.take(16), storeId);
    if (head.failed || !fits) throw corrupt(pathOf(generation), 0, 'no log of this version');
    if (!isOurs) throw corrupt(pathOf(generation), 8, 'the log belongs to another storage than the guard');
    const scan = scanFrames(
      read,
      { storeId, start: LOG_HEAD_BYTES, size, firstSequence: 0 },
      (payload, offset) => {
        const batch = decodeBatch(payload);
        if (batch === undefined) throw corrupt(pathOf(generation), offset, 'a frame holds no batch');
        records.push(...batch);
      },
    );
    if (scan.fault !== undefined) throw corrupt(pathOf(generation), scan.fault.offset, scan.fault.reason);
    if (scan.end < size) await handle.truncate(scan.end);
    // What a killed process wrote may not be durable yet; it is about to be acted upon.
    await handle.sync();
    end = scan.end;
    sequence = scan.nextSequence;
  } catch (error) {
    await handle.close();
    throw error;
  }

  return {
    get sizeBytes() {
      return end;
    },
    replay: async () => records.splice(0),
    async append(more) {
      const frame = encodeFrame(storeId, sequence, encodeBatch(more));
      await handle.write(frame, 0, frame.length, end);
      await handle.datasync();
      end += frame.length;
      sequence += 1;
    },
    async replace(next) {
      const frame = encodeFrame(storeId, 0, encodeBatch(next));
      const whole = new ByteWriter(LOG_HEAD_BYTES + frame.length).put(headOf(storeId)).put(frame).bytes;
      await replaceFile(pathOf(generation + 1), whole);
      const successor = await open(pathOf(generation + 1), 'r+');
      await handle.close();
      await rm(pathOf(generation), { force: true });
      handle = successor;
      generation += 1;
      end = whole.length;
      sequence = 1;
    },
    close: () => handle.close(),
  };
}
