import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { concatBytes, utf8 } from '@hypermesh/core';
import { AssetsError } from '../errors.ts';
import type { Journal } from '../ports.ts';
import { encodeFrame, frameHeadBytes, maxRecordBytes, scanFrames } from './frame.ts';
import { lockFile } from './lock.ts';

const magic = utf8('HMASSET1');
const headBytes = 24;

/**
 * Opens, or creates, a journal in one file, for this process alone. A record is durable by fdatasync. A tail that a
 * crash tore is cut off; damage to what was durable is refused with `assets/journal-corrupt`, naming file and offset (the
 * last record alone cannot be told from a torn one). While another process has the file open it fails with
 * `assets/journal-locked`. Records are at most 64 MiB.
 */
export async function openFileJournal(path: string): Promise<Journal> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unlock = lockFile(path);
  try {
    return await openLocked(path, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function openLocked(path: string, unlock: () => void): Promise<Journal> {
  await rm(`${path}.next`, { force: true });
  const found = await read(path);
  let fileId: Uint8Array = found?.subarray(magic.length, headBytes) ?? randomBytes(16);
  if (found === undefined) await putInPlace(path, concatBytes(magic, fileId));
  else if (found.length < headBytes || !Buffer.from(magic).equals(found.subarray(0, magic.length)))
    throw corrupt(path, 0, 'it is no journal of this version');

  const scan = scanFrames(found ?? new Uint8Array(headBytes), headBytes, fileId);
  if (scan.fault !== undefined) throw corrupt(path, scan.end, scan.fault);
  let handle: FileHandle = await open(path, 'r+');
  let end = scan.end;
  let records = scan.records;
  let sequence = records.length;
  if (found !== undefined && scan.end < found.length) await handle.truncate(scan.end);
  // What a killed process wrote may not be durable yet, and is about to be relied on.
  await handle.sync();

  const check = (record: Uint8Array) => {
    if (record.length <= maxRecordBytes) return;
    throw new AssetsError(
      { code: 'assets/bad-argument', argument: 'record', expected: `at most ${maxRecordBytes} bytes` },
      'The record is too long for a journal',
    );
  };

  return {
    async replay() {
      const all = records;
      records = [];
      return all;
    },
    async append(record) {
      check(record);
      const frame = encodeFrame(fileId, sequence, record);
      for (let at = 0; at < frame.length; )
        at += (await handle.write(frame, at, frame.length - at, end + at)).bytesWritten;
      await handle.datasync();
      end += frame.length;
      sequence += 1;
    },
    async replace(record) {
      check(record);
      const nextId = randomBytes(16);
      await putInPlace(path, concatBytes(magic, nextId, encodeFrame(nextId, 0, record)));
      const next = await open(path, 'r+');
      await handle.close();
      handle = next;
      fileId = nextId;
      end = headBytes + frameHeadBytes + record.length;
      sequence = 1;
    },
    get sizeBytes() {
      return end;
    },
    async [Symbol.asyncDispose]() {
      await handle.close();
      unlock();
    },
  };
}

async function read(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Puts bytes in the place of a file: after a crash the old content is there or the new, whole. */
async function putInPlace(path: string, bytes: Uint8Array): Promise<void> {
  const next = await open(`${path}.next`, 'w', 0o600);
  try {
    await next.writeFile(bytes);
    await next.sync();
  } finally {
    await next.close();
  }
  await rename(`${path}.next`, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function corrupt(file: string, offset: number, reason: string): AssetsError {
  return new AssetsError(
    { code: 'assets/journal-corrupt', file, offset, reason },
    `${file} is damaged at byte ${offset}: ${reason}`,
  );
}
