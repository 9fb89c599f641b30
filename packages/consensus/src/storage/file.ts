import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConsensusError } from '../errors.ts';
import type { Storage } from '../ports.ts';
import { openBlockFile } from './block-file.ts';
import { openGuardFile } from './guard-file.ts';
import { lockDirectory } from './lock.ts';
import { openLogFile } from './log-file.ts';

/** Storage in files; disposing closes them and frees the directory. */
export type FileStorage = Storage & AsyncDisposable;

/** Where the guard lies: on another disk it outlives the log. */
export interface FileStorageOptions {
  readonly guardFile?: string;
}

/**
 * Opens, or creates, the storage of one validator in `dir`. A tail torn by a crash is dropped; damage to what was
 * durable is refused with `consensus/storage-corrupt`, naming file and offset. While another process holds the
 * directory it fails with `consensus/storage-locked`. A log that vanished is found by the guard, and the validator
 * then signs nothing up to the guarded view; if log and guard are both gone but blocks are there, opening fails.
 */
export async function openFileStorage(dir: string, options: FileStorageOptions = {}): Promise<FileStorage> {
  await mkdir(dir, { recursive: true });
  const unlock = await lockDirectory(dir);
  try {
    const guard = await openGuardFile(options.guardFile ?? join(dir, 'guard'));
    const log = await openLogFile(dir, guard);
    const blocks = await openBlockFile(join(dir, 'blocks.dat'), guard.storeId);
    if (guard.isNew && log.isNew && blocks.height > 0) {
      throw new ConsensusError(
        { code: 'consensus/storage-corrupt', file: dir, offset: 0, reason: 'log and guard are gone' },
        `${dir} holds blocks but neither log nor guard: what was signed is unknown`,
      );
    }
    return {
      log,
      blocks,
      guard,
      async [Symbol.asyncDispose]() {
        await log.close();
        await blocks.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}
