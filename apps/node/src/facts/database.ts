import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../data-directory.ts';

/** What a file of facts is to hold. */
export interface FactsFile {
  readonly path: string;
  /** Statements that make the tables; a file of another version is not used. */
  readonly schema: string;
  readonly version: number;
  /** What a second copy exists of may lose its last moments in a crash, whole all the same: `normal`. */
  readonly synchronous: 'normal' | 'full';
  /** Damaged or of another version: `anew` begins without it, `aside` keeps it beside under another name. */
  readonly damaged: 'anew' | 'aside';
  /** Hears why a file was not used. */
  onDamage(reason: string): void;
}

/** Larger files are not looked through when they are opened: that would hold up the start. Damage shows when it is read. */
const maxCheckedBytes = 32 * 1024 * 1024;

/** Opens a SQLite file that holds what is said of it, or a new one in its place. */
export function openFactsFile(file: FactsFile): DatabaseSync {
  const { path, damaged, onDamage } = file;
  makeFolder(dirname(path));
  try {
    return opened(file);
  } catch (error) {
    if (!isDamage(error)) throw diskTrouble(path, error);
    onDamage(error instanceof Error ? error.message : String(error));
    for (const suffix of ['', '-wal', '-shm']) {
      if (damaged === 'aside' && suffix === '') renameIfPresent(path, `${path}.damaged`);
      else rmSync(`${path}${suffix}`, { force: true });
    }
    return opened(file);
  }
}

/** A file that was read and is not what it should be. */
class UnusableFile extends Error {}

/** What SQLite says of a file that is damaged, or is none of its own; all else is the disk's doing, and passes. */
const damageCodes = new Set([11, 26]);
const fullCode = 13;

const sqliteCode = (error: unknown): number | undefined => (error as { readonly errcode?: number }).errcode;

/** Whether an error says that a file is damaged, and not that the disk takes or gives nothing now. */
export function isDamage(error: unknown): boolean {
  return error instanceof UnusableFile || damageCodes.has((sqliteCode(error) ?? 0) & 0xff);
}

/** In the system's words, which is how a disk that takes nothing is told from what is wrong for good. */
function diskTrouble(path: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const system = (code & 0xff) === fullCode ? 'ENOSPC' : 'EIO';
  const message = `${path}: ${system}: ${error instanceof Error ? error.message : String(error)}`;
  return Object.assign(new Error(message, { cause: error }), { code: system });
}

function opened({ path, schema, version, synchronous }: FactsFile): DatabaseSync {
  // Asked for at run time: the bundler would take the prefix off this one import.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const database = new DatabaseSync(path);
  try {
    database.exec(
      `pragma journal_mode = wal; pragma synchronous = ${synchronous}; pragma cache_size = -2048; pragma journal_size_limit = 4194304`,
    );
    const pages = Number(database.prepare('pragma page_count').get()?.['page_count'] ?? 0);
    const pageBytes = Number(database.prepare('pragma page_size').get()?.['page_size'] ?? 0);
    if (pages * pageBytes <= maxCheckedBytes) {
      const verdict = database.prepare('pragma quick_check(1)').get()?.['quick_check'];
      if (verdict !== 'ok') throw new UnusableFile(`damaged: ${verdict}`);
    }
    const found = Number(database.prepare('pragma user_version').get()?.['user_version']);
    if (found !== 0 && found !== version) throw new UnusableFile(`version ${found} instead of ${version}`);
    database.exec(`begin; ${schema}; pragma user_version = ${version}; commit`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function renameIfPresent(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Runs `work` as one transaction: all of it is kept, or nothing. */
export function inOneTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('begin immediate');
  try {
    const result = work();
    database.exec('commit');
    return result;
  } catch (error) {
    database.exec('rollback');
    throw error;
  }
}
