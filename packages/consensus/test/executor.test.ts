import { describe, expect, it } from 'vitest';
import { createBlock } from '../src/engine/block.ts';
import { Executor } from '../src/engine/executor.ts';
import { FinalizedChain } from '../src/engine/finalized-chain.ts';
import type { StoredBlock } from '../src/engine/record.ts';
import type { BlockStore } from '../src/ports.ts';

const zeros = new Uint8Array(32);

function blockAt(height: number): StoredBlock {
  const header = { chain: zeros, height, view: height, parent: zeros, timeMs: height, proposer: 0 };
  const state = { stateHeight: 0, stateRoot: zeros, validatorsHash: zeros };
  return { block: createBlock({ ...header, ...state }, []), certificate: undefined };
}

/** A store of blocks whose syncs take until they are let go. */
function slowStore() {
  const payloads: Uint8Array[] = [];
  const syncs: (() => void)[] = [];
  const store: BlockStore = {
    get height() {
      return payloads.length;
    },
    async append(entries) {
      payloads.push(...entries);
    },
    read: async (height) => payloads[height - 1],
    sync: () => new Promise<void>((resolve) => syncs.push(resolve)),
  };
  return { store, syncs };
}

function open() {
  const { store, syncs } = slowStore();
  const chain = new FinalizedChain(store, { validators: 1, quorum: 1 });
  const waiting = new Map<number, () => void>();
  const executor = new Executor(
    {
      apply: async () => ({ stateRoot: zeros, results: [] }),
      appliedHeight: () => 0,
      stateRoot: () => zeros,
      checkTx: async () => ({ ok: true }),
      recheckTx: () => ({ ok: true }),
    },
    chain,
    {
      logDurable: () => Promise.resolve(),
      applied: ([first]) => waiting.get(first?.block.header.height ?? 0)?.(),
      failed: (error) => {
        throw error;
      },
    },
  );
  /** Resolves when a block that was logged is stored and executed. */
  const commit = (height: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.set(height, resolve);
    executor.push({ blocks: [blockAt(height)], logged: true });
    return promise;
  };
  const heights = async (compacting: ReturnType<Executor['compact']>) =>
    (await compacting).map((record) => (record.type === 'block' ? record.block.header.height : undefined));
  return { executor, commit, syncs, heights };
}

describe('the executor', () => {
  it('takes up what comes in the very turn in which it has done all there was', async () => {
    const { commit } = open();
    for (let height = 1; height <= 50; height += 1) {
      await commit(height);
      for (let turn = 0; turn < height % 7; turn += 1) await undefined;
    }
  });
});

describe('the executor, when the log is made shorter', () => {
  it('names no block that the store holds durably', async () => {
    const { executor, commit, syncs, heights } = open();
    for (const height of [1, 2, 3]) await commit(height);
    const compacting = executor.compact();
    syncs.shift()?.();
    expect(await heights(compacting)).toEqual([]);
  });

  it('names the blocks that were stored while the store was synced, and those that are still to be', async () => {
    const { executor, commit, syncs, heights } = open();
    await commit(1);
    const compacting = executor.compact();
    await commit(2);
    const third = commit(3);
    syncs.shift()?.();
    expect(await heights(compacting)).toEqual([2, 3]);
    await third;
    const again = executor.compact();
    syncs.shift()?.();
    expect(await heights(again)).toEqual([]);
  });
});
