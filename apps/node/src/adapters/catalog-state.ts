import { dirname } from 'node:path';
import type { State } from '@hypermesh/catalog';
import { makeFolder } from '../data-directory.ts';

/** The catalog's `State` in one SQLite file: each value is whole or absent after a crash. One process at a time. */
export function openCatalogState(path: string): State & Disposable {
  makeFolder(dirname(path));
  // Asked for at run time: the bundler would take the prefix off this one import.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const database = new DatabaseSync(path);
  database.exec('pragma journal_mode = wal; pragma synchronous = full');
  database.exec('create table if not exists state (key text primary key, value blob not null) strict');
  const get = database.prepare('select value from state where key = ?');
  const put = database.prepare(
    'insert into state values (?, ?) on conflict do update set value = excluded.value',
  );
  const remove = database.prepare('delete from state where key = ?');
  // A prefix is a range of keys: the last character of Unicode comes after all that begin with it.
  const keys = database.prepare(
    'select key from state where key >= ? and key < ? || char(1114111) order by key',
  );
  return {
    async get(key) {
      const row = get.get(key);
      return row === undefined ? undefined : (row['value'] as Uint8Array);
    },
    async put(key, value) {
      put.run(key, value);
    },
    async delete(key) {
      remove.run(key);
    },
    async keys(prefix) {
      return keys.all(prefix, prefix).map((row) => String(row['key']));
    },
    [Symbol.dispose]: () => database.close(),
  };
}
