import { rmSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { toHex } from '@hypermesh/core';
import { inOneTransaction, isDamage, openFactsFile } from '../facts/database.ts';

/** A final block as the index knows it. `hash` is hex, `signers` are indexes of validators. */
export interface BlockFacts {
  readonly height: number;
  readonly hash: string;
  readonly timeMs: number;
  readonly view: number;
  readonly proposer: number;
  readonly signers: readonly number[];
  readonly operations: number;
  readonly bytes: number;
}

/** An operation of a final block. `code` is `ok`, or why it changed nothing. */
export interface OperationFacts {
  readonly id: string;
  readonly kind: string;
  readonly actor: Uint8Array;
  readonly sequence: number;
  readonly height: number;
  readonly index: number;
  readonly timeMs: number;
  readonly code: string;
  readonly bytes: number;
}

/** A block and its operations, in their order. */
export interface IndexedBlock {
  readonly block: BlockFacts;
  readonly operations: readonly OperationFacts[];
}

/** Which operations: those before a place, newest first, of one kind or one actor where they are given. */
export interface OperationQuery {
  readonly kind?: string;
  readonly actor?: Uint8Array;
  readonly before?: { readonly height: number; readonly index: number };
  readonly limit: number;
}

/**
 * An index of final blocks and their operations in one file, so that any page of them costs the page and not the chain.
 * Everything in it can be made again from the ledger.
 */
export interface LedgerHistory extends Disposable {
  /** Height of the last block in it; all below are in it too. */
  height(): number;
  hashAt(height: number): string | undefined;
  /** Adds blocks that follow `height()` without a gap, all or none. */
  add(blocks: readonly IndexedBlock[]): void;
  /** Forgets everything. */
  clear(): void;
  /** Blocks below `before` (default: all), newest first. */
  blocks(limit: number, before?: number): readonly BlockFacts[];
  block(height: number): BlockFacts | undefined;
  operations(query: OperationQuery): readonly OperationFacts[];
  /** Where an operation first stood. */
  operation(id: string): OperationFacts | undefined;
  kinds(): readonly { readonly kind: string; readonly count: number }[];
}

const schema = `
  create table if not exists blocks (
    height integer primary key, hash blob not null, time integer not null, view integer not null,
    proposer integer not null, signers text not null, operations integer not null, bytes integer not null
  ) strict;
  create table if not exists operations (
    height integer not null, place integer not null, id text not null, kind text not null, actor blob not null,
    sequence integer not null, time integer not null, code text not null, bytes integer not null,
    primary key (height, place)
  ) strict, without rowid;
  create index if not exists operations_by_id on operations (id);
  create index if not exists operations_by_kind on operations (kind, height, place);
  create index if not exists operations_by_actor on operations (actor, height, place);
  create index if not exists operations_by_both on operations (actor, kind, height, place);
  create table if not exists kinds (kind text primary key, count integer not null) strict, without rowid;
`;

/** Opens the index, or an empty one where there is none or the file is damaged. */
export function openLedgerHistory(path: string, onDamage: (reason: string) => void): LedgerHistory {
  const open = () => {
    const opened = openFactsFile({
      path,
      schema,
      version: 1,
      synchronous: 'normal',
      damaged: 'anew',
      onDamage,
    });
    return { database: opened, ...prepare(opened) };
  };
  let file = open();
  let isDamaged = false;

  /** Damage that shows when something is read: the next addition begins anew. */
  function reading<Found>(read: (opened: typeof file) => Found): Found {
    try {
      return read(file);
    } catch (error) {
      if (isDamage(error)) isDamaged = true;
      throw error;
    }
  }

  return {
    height: () => reading(({ last }) => Number(last.get()?.['height'] ?? 0)),
    hashAt: (height) =>
      reading(({ block }) => {
        const row = block.get(height);
        return row === undefined ? undefined : blockOf(row).hash;
      }),
    add(blocks) {
      if (isDamaged) throw new Error('the index is damaged');
      const { database, putBlock, putOperation, putKind } = file;
      inOneTransaction(database, () => {
        for (const { block, operations } of blocks) {
          const { height, hash, timeMs, view, proposer, signers, bytes } = block;
          const [packed, raw] = [signers.join(','), Buffer.from(hash, 'hex')];
          putBlock.run(height, raw, timeMs, view, proposer, packed, operations.length, bytes);
          for (const { index, id, kind, actor, sequence, code, bytes: size } of operations) {
            putOperation.run(height, index, id, kind, actor, sequence, timeMs, code, size);
            putKind.run(kind);
          }
        }
      });
    },
    clear() {
      // It is closed already where opening it anew failed the last time.
      if (file.database.isOpen) file.database.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
      file = open();
      isDamaged = false;
    },
    blocks: (limit, before = Number.MAX_SAFE_INTEGER) =>
      reading((opened) => opened.blocks.all(before, limit).map(blockOf)),
    block: (height) =>
      reading((opened) => {
        const row = opened.block.get(height);
        return row === undefined ? undefined : blockOf(row);
      }),
    operations: ({ kind, actor, before, limit }) =>
      reading(({ database }) => {
        const { height, index } = before ?? { height: Number.MAX_SAFE_INTEGER, index: 0 };
        const where = ['(height, place) < (?, ?)'];
        const values: SQLInputValue[] = [height, index];
        if (kind !== undefined) where.push('kind = ?') && values.push(kind);
        if (actor !== undefined) where.push('actor = ?') && values.push(actor);
        const text = `select * from operations where ${where.join(' and ')} order by height desc, place desc limit ?`;
        return database
          .prepare(text)
          .all(...values, limit)
          .map(operationOf);
      }),
    operation: (id) =>
      reading((opened) => {
        const row = opened.operation.get(id);
        return row === undefined ? undefined : operationOf(row);
      }),
    kinds: () =>
      reading((opened) =>
        opened.kinds.all().map((row) => ({ kind: String(row['kind']), count: Number(row['count']) })),
      ),
    [Symbol.dispose]: () => {
      if (file.database.isOpen) file.database.close();
    },
  };
}

function prepare(database: DatabaseSync) {
  return {
    last: database.prepare('select max(height) as height from blocks'),
    putBlock: database.prepare('insert into blocks values (?, ?, ?, ?, ?, ?, ?, ?)'),
    putOperation: database.prepare('insert into operations values (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    putKind: database.prepare(
      'insert into kinds values (?, 1) on conflict do update set count = kinds.count + 1',
    ),
    blocks: database.prepare('select * from blocks where height < ? order by height desc limit ?'),
    block: database.prepare('select * from blocks where height = ?'),
    operation: database.prepare('select * from operations where id = ? order by height, place limit 1'),
    kinds: database.prepare('select kind, count from kinds order by count desc, kind'),
  };
}

type Row = Readonly<Record<string, unknown>>;

function blockOf(row: Row): BlockFacts {
  const signers = String(row['signers']);
  return {
    height: Number(row['height']),
    hash: toHex(row['hash'] as Uint8Array),
    timeMs: Number(row['time']),
    view: Number(row['view']),
    proposer: Number(row['proposer']),
    signers: signers === '' ? [] : signers.split(',').map(Number),
    operations: Number(row['operations']),
    bytes: Number(row['bytes']),
  };
}

function operationOf(row: Row): OperationFacts {
  return {
    id: String(row['id']),
    kind: String(row['kind']),
    actor: new Uint8Array(row['actor'] as Uint8Array),
    sequence: Number(row['sequence']),
    height: Number(row['height']),
    index: Number(row['place']),
    timeMs: Number(row['time']),
    code: String(row['code']),
    bytes: Number(row['bytes']),
  };
}
