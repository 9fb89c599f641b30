import type { DatabaseSync } from 'node:sqlite';
import { openFactsFile } from './database.ts';

/*
 * What a node remembers of its own doings and nobody else could tell it again: operations that were handed in and not
 * waited for, and runs. One file, so that one fsync makes one fact durable.
 */
const schema = `
  create table if not exists submissions (
    id text primary key, kind text not null, bytes blob not null, status text not null, leg text, reason text,
    height integer, submitted integer not null, decided integer
  ) strict, without rowid;
  create index if not exists submissions_by_decision on submissions (status, decided);
  create table if not exists runs (
    lease text not null, role text not null, status text not null, started integer not null, facts text not null,
    record text, primary key (lease, role)
  ) strict, without rowid;
  create index if not exists runs_by_start on runs (started, lease, role);
`;

/** Opens the journal of a node. A damaged one is kept beside under the name `…damaged`, and a new one begun. */
export function openJournal(path: string, onDamage: (reason: string) => void): DatabaseSync {
  return openFactsFile({ path, schema, version: 1, synchronous: 'full', damaged: 'aside', onDamage });
}
