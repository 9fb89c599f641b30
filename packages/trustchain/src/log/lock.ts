import { getBuiltinModule } from 'node:process';
import { hasCode } from '@hypermesh/core';
import { storageFailed, TrustchainError } from '../errors.ts';

/**
 * Takes a folder for this process alone; the returned function gives it back. Two writers would sign two trees. The lock
 * is SQLite's, since Node has no other that the system lifts when a process is killed.
 */
export function lockFolder(directory: string): () => void {
  // Loaded when a log is opened for writing: who only verifies needs no database.
  const { DatabaseSync } = getBuiltinModule('node:sqlite');
  const database = new DatabaseSync(`${directory}/lock`, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!hasCode(cause, 'ERR_SQLITE_ERROR')) throw storageFailed('lock the log', cause);
    throw new TrustchainError(
      { code: 'trustchain/log-locked', directory },
      `another process has the log in ${directory} open`,
      { cause },
    );
  }
  return () => database.close();
}
