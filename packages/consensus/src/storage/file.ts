import { access, mkdir, readdir } from 'node:fs/promises';
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

/** Without the guard nobody knows what was signed, so it may be missing only where nothing else is. */
async function checkGuard(dir: string, guardFile: string): Promise<void> {
  const isThere = await access(guardFile).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const others = (await readdir(dir)).filter((name) => /^(log-\d+\.wal|blocks\.dat)$/.test(name));
  if (others.length === 0) return;
  const reason = `the guard is gone, but ${others.sort().join(' and ')} is there`;
  throw new ConsensusError(
    { code: 'consensus/storage-corrupt', file: guardFile, offset: 0, reason },
    `${guardFile}: ${reason}; what was signed is unknown`,
  );
}

/**
 * Opens, or creates, the storage of one validator in `dir`. A tail torn by a crash is dropped; damage to what was
 * durable is refused with `consensus/storage-corrupt`, naming file and offset. While another process holds the
 * directory it fails with `consensus/storage-locked`. A log that vanished is found by the guard, and the validator
 * then signs nothing up to the guarded view; a guard that vanished is refused.
 */
export async function openFileStorage(dir: string, options: FileStorageOptions = {}): Promise<FileStorage> {
  await mkdir(dir, { recursive: true });
  await using opened = new AsyncDisposableStack();
  opened.defer(await lockDirectory(dir));
  const guardFile = options.guardFile ?? join(dir, 'guard');
  await checkGuard(dir, guardFile);
  const guard = await openGuardFile(guardFile);
  const log = await openLogFile(dir, guard);
  opened.defer(() => log.close());
  const blocks = await openBlockFile(join(dir, 'blocks.dat'), guard.storeId);
  opened.defer(() => blocks.close());
  const kept = opened.move();
  return { log, blocks, guard, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
