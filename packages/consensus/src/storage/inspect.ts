import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes, hasCode } from '@hypermesh/core';
import { ByteReader } from '../engine/bytes.ts';
import { decodeStoredBlock } from '../engine/record.ts';
import { SIMPLEX_RULES } from '../engine/rules.ts';
import { decodeBatch, scanFrames } from './frame.ts';
import { openGuardForReading } from './guard-file.ts';
import { LOG_HEAD_BYTES, LOG_NAME } from './log-file.ts';
import { readThroughWindow } from './window.ts';

/** What the files of a storage are like. */
export interface StorageInspection {
  readonly blocks: number;
  /** Records of the newest vote log. */
  readonly logRecords: number;
  /** Damage to what was durable; a tail that a crash tore is none. */
  /** State root that the first block names for the state before it, where there is a first block that reads. */
  readonly firstStateRoot: Uint8Array | undefined;
  readonly faults: readonly { readonly file: string; readonly offset: number; readonly reason: string }[];
}

/**
 * Reads every frame of the storage in `dir` and changes nothing, also while a validator uses it: what that is writing at
 * the moment counts as a torn tail. With the number of `validators` it also reads the first block. Throws what the disk throws.
 */
export async function inspectStorage(dir: string, validators?: number): Promise<StorageInspection> {
  const faults: { file: string; offset: number; reason: string }[] = [];
  let names: readonly string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { blocks: 0, logRecords: 0, firstStateRoot: undefined, faults };
    throw error;
  }
  const newest = names
    .flatMap((name) => (LOG_NAME.test(name) ? [name] : []))
    .sort((a, b) => Number(LOG_NAME.exec(b)?.[1]) - Number(LOG_NAME.exec(a)?.[1]))[0];
  const guardPath = join(dir, 'guard');
  const guard = await openGuardForReading(guardPath).catch((error: Error) => {
    faults.push({ file: guardPath, offset: 0, reason: error.message });
    return undefined;
  });
  if (guard === undefined) {
    if (faults.length === 0 && (names.includes('blocks.dat') || newest !== undefined))
      faults.push({ file: guardPath, offset: 0, reason: 'the guard is gone' });
    return { blocks: 0, logRecords: 0, firstStateRoot: undefined, faults };
  }
  const { storeId } = guard;
  let blocks = 0;
  let firstStateRoot: Uint8Array | undefined;
  await reading(join(dir, 'blocks.dat'), async (file, handle, size) => {
    const durable = new ByteReader(await readFile(`${file}.durable`).catch(() => new Uint8Array(8))).u53();
    const read = readThroughWindow(handle.fd);
    const scan = scanFrames(read, { storeId, start: 0, size, firstSequence: 1 }, (payload) => {
      if (blocks === 0 && validators !== undefined) firstStateRoot = firstRootIn(payload, validators);
      blocks += 1;
    });
    if (scan.fault !== undefined) faults.push({ file, ...scan.fault });
    else if (blocks < durable)
      faults.push({ file, offset: scan.end, reason: `blocks ${blocks + 1} to ${durable} are missing` });
  });
  let logRecords = 0;
  if (newest !== undefined) {
    await reading(join(dir, newest), async (file, handle, size) => {
      const read = readThroughWindow(handle.fd);
      const head = new ByteReader(read(0, Math.min(size, LOG_HEAD_BYTES)));
      head.take(8);
      if (!equalBytes(head.take(16), storeId) || head.failed) {
        faults.push({ file, offset: 8, reason: 'the log belongs to another storage than the guard' });
        return;
      }
      const scan = scanFrames(
        read,
        { storeId, start: LOG_HEAD_BYTES, size, firstSequence: 0 },
        (payload, offset) => {
          const batch = decodeBatch(payload);
          if (batch === undefined) faults.push({ file, offset, reason: 'a frame holds no batch' });
          logRecords += batch?.length ?? 0;
        },
      );
      if (scan.fault !== undefined) faults.push({ file, ...scan.fault });
    });
  }
  return { blocks, logRecords, firstStateRoot, faults };
}

async function reading(
  file: string,
  use: (file: string, handle: FileHandle, size: number) => Promise<void>,
): Promise<void> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    await use(file, handle, (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}

function firstRootIn(payload: Uint8Array, validators: number): Uint8Array | undefined {
  const stored = decodeStoredBlock(payload, validators, SIMPLEX_RULES.quorum(validators));
  return stored?.block.header.stateHeight === 0 ? stored.block.header.stateRoot : undefined;
}
