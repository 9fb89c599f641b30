import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Codes of the system that say that a disk takes nothing now, though it may later. */
const passing = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM']);

/** Whether an error, or what caused it, says that the disk takes nothing at the moment. */
export function isStorageTrouble(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (passing.has((at as NodeJS.ErrnoException).code ?? '')) return true;
    // An engine that failed tells the system's words only.
    if (/\b(?:ENOSPC|EDQUOT|EROFS|EIO|EMFILE|ENFILE)\b/.test(at.message)) return true;
  }
  return false;
}

/** What a ledger must be able to write before its files are opened again, bytes. */
const proofBytes = 2 ** 20;

/**
 * Evidence that a folder takes writes again: a file of a mebibyte was written, made durable and removed, and as much is
 * free beside it. Answers what went wrong otherwise.
 */
export function proveStorage(folder: string): string | undefined {
  const path = join(folder, `.proof-${process.pid}`);
  try {
    const file = openSync(path, 'w', 0o600);
    try {
      const bytes = new Uint8Array(proofBytes);
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
      const { bavail, bsize } = statfsSync(folder);
      if (bavail * bsize < proofBytes) return `${Math.round((bavail * bsize) / 1024)} KiB are free`;
    } finally {
      closeSync(file);
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(path, { force: true });
  }
}
