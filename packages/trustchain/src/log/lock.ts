import { getBuiltinModule } from 'node:process';
import { storageFailed, TrustchainError } from '../errors.ts';

const SQLITE_BUSY = 5;

/**
 * Takes a folder for this process alone; the returned function gives it back. Two writers would sign two trees. The lock
 * is SQLite's, since Node has no other that the system lifts when a process is killed.
 */
export function lockFolder(directory: string): () => void {
  // Loaded when a log is opened for writing: who only verifies needs no database.
  const { DatabaseSync } = getBuiltinModule('node:sqlite');
  let database: InstanceType<typeof DatabaseSync> | undefined;
  try {
    database = new DatabaseSync(`${directory}/lock`, { timeout: 0 });
    const held = database;
    held.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return () => held.close();
  } catch (cause) {
    database?.close();
    // Any other error of SQLite is one of the disk or of the file, and says nothing of another process.
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw storageFailed('lock the log', cause);
    throw new TrustchainError(
      { code: 'trustchain/log-locked', directory },
      `another process has the log in ${directory} open`,
      { cause },
    );
  }
}
