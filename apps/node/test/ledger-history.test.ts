import { truncateSync, writeFileSync } from 'node:fs';
import {
  createMemoryHub,
  createMemoryStorage,
  createValidator,
  encodeTransaction,
  operationIdOf,
} from '@hypermesh/consensus';
import { createProofFixture, type ProofFixture } from '@hypermesh/consensus/testing';
import { silentLog, silentMetrics } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder } from '../src/data-directory.ts';
import { watchFinality } from '../src/ledger/finality.ts';
import { followLedger } from '../src/ledger/following.ts';
import { type IndexedBlock, type LedgerHistory, openLedgerHistory } from '../src/ledger/history.ts';
import { temporaryDirectory, until } from './support.ts';

const directory = temporaryDirectory();
makeFolder(directory.path);
const actors = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] as const;
let files = 0;
const nextPath = () => `${directory.path}/index-${files++}.sqlite`;
const noDamage = (reason: string) => {
  throw new Error(reason);
};

afterAll(() => directory[Symbol.dispose]());

/** Blocks of `each` operations whose kinds and actors take turns. */
function blocks(from: number, to: number, each = 2): IndexedBlock[] {
  return Array.from({ length: to - from + 1 }, (_, at) => {
    const height = from + at;
    const timeMs = 1_000 * height;
    return {
      block: {
        ...{
          height,
          hash: height.toString(16).padStart(64, '0'),
          timeMs,
          view: height,
          proposer: height % 4,
        },
        ...{ signers: [0, 1, 3], operations: each, bytes: 300 },
      },
      operations: Array.from({ length: each }, (_, index) => ({
        ...{ id: `op-${height}-${index}`, kind: index % 2 === 0 ? 'asset.register' : 'lease.commit' },
        ...{
          actor: actors[height % 2 === 0 ? 0 : 1],
          sequence: height,
          height,
          index,
          timeMs,
          code: 'ok',
          bytes: 99,
        },
      })),
    };
  });
}

describe('the index of the ledger', () => {
  it('answers pages of blocks and operations from any place, by kind and by member', () => {
    using history = openLedgerHistory(nextPath(), noDamage);
    history.add(blocks(1, 600));
    expect(history.height()).toBe(600);
    expect(history.blocks(3).map(({ height }) => height)).toEqual([600, 599, 598]);
    expect(history.blocks(2, 100).map(({ height }) => height)).toEqual([99, 98]);
    expect(history.block(7)).toMatchObject({ height: 7, signers: [0, 1, 3], proposer: 3 });
    expect(history.block(601)).toBeUndefined();
    const seen: string[] = [];
    for (let before: { height: number; index: number } | undefined; ; ) {
      const query = { kind: 'lease.commit', actor: actors[0], limit: 70, ...(before && { before }) };
      const page = history.operations(query);
      seen.push(...page.map(({ id }) => id));
      before = page.at(-1);
      if (page.length < 70) break;
    }
    expect(seen).toHaveLength(300);
    expect(new Set(seen).size).toBe(300);
    expect(seen.slice(0, 2)).toEqual(['op-600-1', 'op-598-1']);
    expect(history.operation('op-5-1')).toMatchObject({ height: 5, index: 1, kind: 'lease.commit' });
    expect(history.kinds()).toEqual([
      { kind: 'asset.register', count: 600 },
      { kind: 'lease.commit', count: 600 },
    ]);
  });

  it('asks an index for each kind of page and scans no table', () => {
    const path = nextPath();
    openLedgerHistory(path, noDamage)[Symbol.dispose]();
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    const database = new DatabaseSync(path);
    for (const where of ['', 'and kind = ?', 'and actor = ?', 'and kind = ? and actor = ?']) {
      const plan = database
        .prepare(
          `explain query plan select * from operations where (height, place) < (?, ?) ${where} order by height desc, place desc limit ?`,
        )
        .all(...Array.from({ length: where.split('?').length + 2 }, () => 1))
        .map((row) => String(row['detail']))
        .join('; ');
      expect(plan).toContain('SEARCH');
      expect(plan).not.toContain('TEMP B-TREE');
    }
    database.close();
  });

  it('takes a batch whole or not at all', () => {
    using history = openLedgerHistory(nextPath(), noDamage);
    history.add(blocks(1, 3));
    expect(() => history.add([...blocks(4, 5), ...blocks(2, 2)])).toThrow();
    expect(history.height()).toBe(3);
    expect(history.kinds()[0]?.count).toBe(3);
  });

  it.each([
    ['is cut short', (path: string) => truncateSync(path, 5_000)],
    [
      'holds something else',
      (path: string) => writeFileSync(path, 'not a database at all, but long enough'.repeat(50)),
    ],
    [
      'is of another version',
      (path: string) => {
        const database = new (process.getBuiltinModule('node:sqlite').DatabaseSync)(path);
        database.exec('pragma user_version = 99');
        database.close();
      },
    ],
  ])('begins anew, and says so, where its file %s', (_, damage) => {
    const path = nextPath();
    {
      using history = openLedgerHistory(path, noDamage);
      history.add(blocks(1, 50));
    }
    damage(path);
    const told: string[] = [];
    using history = openLedgerHistory(path, (reason) => told.push(reason));
    expect(told).toHaveLength(1);
    expect(history.height()).toBe(0);
    history.add(blocks(1, 2));
    expect(history.height()).toBe(2);
  });
});

describe('following the ledger', () => {
  let fixture: ProofFixture;
  const cleanup = new AsyncDisposableStack();
  let validator: ReturnType<typeof createValidator>;

  beforeAll(async () => {
    fixture = await createProofFixture({ seed: 'history' });
    const { genesis, chainId, ledger } = await freshLedger();
    validator = createValidator(
      {
        genesis: {
          chain: chainId,
          timeMs: systemClock.nowMs() - 1_000,
          validators: genesis.members.map(({ key }) => ({ publicKey: key })),
          stateRoot: ledger.stateRoot(),
        },
        secretKey: fixture.secretKey,
        minBlockIntervalMs: 0,
        heartbeatMs: 20,
      },
      {
        ...{ app: ledger, transport: createMemoryHub().transport(0), storage: createMemoryStorage() },
        ...{ clock: systemClock, log: silentLog, metrics: silentMetrics },
      },
    );
    cleanup.defer(() => validator.stop());
    await validator.start();
    followed = { validator, ledger };
  }, 60_000);
  afterAll(() => cleanup.disposeAsync());

  let followed: Parameters<typeof followLedger>[0];

  async function freshLedger() {
    const { createOperationLedger } = await import('@hypermesh/consensus');
    const ledger = createOperationLedger({ genesis: fixture.genesis });
    return { genesis: fixture.genesis, chainId: fixture.chainId, ledger };
  }

  async function followTo(history: LedgerHistory, height: number, isSo = () => true) {
    const stop = new AbortController();
    const heard: number[] = [];
    const following = followLedger(followed, history, {
      ...{ clock: systemClock, log: silentLog, signal: stop.signal },
      onBlocks: (added) => heard.push(...added.map(({ block }) => block.height)),
    });
    await until(() => history.height() >= height && isSo());
    stop.abort();
    await following;
    return heard;
  }

  it('fills an index that is missing, goes on where it ended, and catches up after a pause', async () => {
    const path = nextPath();
    await until(() => validator.status().appliedHeight >= 3);
    {
      using history = openLedgerHistory(path, noDamage);
      const heard = await followTo(history, 3);
      expect(heard.slice(0, 3)).toEqual([1, 2, 3]);
      const { signers, hash } = history.block(2) ?? {};
      expect(signers).toEqual([0]);
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
    }
    await until(() => validator.status().appliedHeight >= 8);
    using again = openLedgerHistory(path, noDamage);
    const before = again.height();
    const heard = await followTo(again, 8);
    expect(heard[0]).toBe(before + 1);
    const heights = again.blocks(100).map(({ height }) => height);
    expect(heights).toEqual(Array.from({ length: heights.length }, (_, at) => heights.length - at));
  });

  it.each([
    ['belongs to another chain', 2],
    ['goes beyond this one', 5_000],
  ])('begins anew with an index that %s', async (_, last) => {
    using history = openLedgerHistory(nextPath(), noDamage);
    history.add(blocks(1, last));
    const foreign = history.block(1)?.hash;
    await followTo(history, 3, () => history.block(1)?.hash !== foreign);
    expect(history.operation('op-1-0')).toBeUndefined();
    expect(history.height()).toBeLessThan(5_000);
  });

  it('says of each transaction what it changed: its own code, a replay, nothing, or no operation at all', async () => {
    const tx = encodeTransaction(fixture);
    const id = operationIdOf(fixture.operation);
    const told = async (txs: readonly Uint8Array[], record?: { height: number; code: string }) => {
      using history = openLedgerHistory(nextPath(), noDamage);
      const stop = new AbortController();
      const entry = { ...(await firstEntry()), txs };
      async function* finalized() {
        yield entry;
        stop.abort();
      }
      const fake = {
        validator: { ...validator, finalized, proof: () => validator.proof(1), status: validator.status },
        ledger: { operation: () => record, appliedHeight: () => 1 },
      } as unknown as typeof followed;
      const ports = { clock: systemClock, log: silentLog, signal: stop.signal, onBlocks: () => undefined };
      await followLedger(fake, history, ports);
      return history
        .operations({ limit: 9 })
        .map((each) => `${each.id === id ? 'it' : each.kind} ${each.code}`);
    };
    expect(await told([tx], { height: 1, code: 'ok' })).toEqual(['it ok']);
    expect(await told([tx, tx], { height: 1, code: 'exists' })).toEqual(['it replayed', 'it exists']);
    expect(await told([tx], { height: 9, code: 'ok' })).toEqual(['it replayed']);
    expect(await told([tx])).toEqual(['it not-executed']);
    expect(await told([Uint8Array.of(1)])).toEqual(['malformed malformed']);
  });

  async function firstEntry() {
    for await (const entry of validator.finalized({ from: 1 })) return entry;
    throw new Error('no block');
  }
});

describe('times to finality', () => {
  it('are told as percentiles of the last 512, and passed on', () => {
    const passed: number[] = [];
    const watch = watchFinality({ count: () => undefined, observe: (_, value) => passed.push(value) });
    expect(watch.figures()).toBeUndefined();
    watch.observe('other', 1);
    for (let ms = 1; ms <= 612; ms += 1) watch.observe('consensus_finality_seconds', ms / 1000);
    expect(passed).toHaveLength(613);
    expect(watch.figures()).toEqual({
      samples: 512,
      lastMs: 612,
      p50Ms: 356,
      p90Ms: 561,
      p99Ms: 607,
      maxMs: 612,
    });
  });
});
