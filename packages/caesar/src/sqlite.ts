import type { DatabaseSync } from 'node:sqlite';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '@hypermesh/core';
import { CaesarError } from './errors.ts';
import type { ValueState } from './state.ts';

/** Books in a file; each request is one durable transaction. One process at a time may write. */
export interface SqliteState extends ValueState, Disposable {
  apply(writes: ReadonlyMap<string, CanonicalValue>): void;
}

/** Opens or makes the file; `:memory:` keeps the books in memory. Needs Node's own SQLite. */
export function openSqliteState(path: string): SqliteState {
  // Asked for at run time: bundlers strip the scheme of this import.
  const sqlite = process.getBuiltinModule('node:sqlite');
  const database: DatabaseSync = new sqlite.DatabaseSync(path);
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;' +
      'CREATE TABLE IF NOT EXISTS books (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;',
  );
  const read = database.prepare('SELECT value FROM books WHERE key = ?');
  const write = database.prepare(
    'INSERT INTO books VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  );
  return {
    get(key) {
      const row = read.get(key);
      if (row === undefined) return undefined;
      const decoded = decodeCanonical(row['value'] as Uint8Array);
      if (decoded.ok) return decoded.value;
      throw new CaesarError({ code: 'caesar/damaged-state', key }, `${key} is damaged: ${decoded.reason}`);
    },
    set(key, value) {
      write.run(key, encodeCanonical(value));
    },
    apply(writes) {
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const [key, value] of writes) write.run(key, encodeCanonical(value));
        database.exec('COMMIT');
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    [Symbol.dispose]: () => database.close(),
  };
}
