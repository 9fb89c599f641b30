import { toHex } from '@hypermesh/core';
import { ConsensusError } from '../errors.ts';
import type { App, TxResult } from '../ports.ts';
import { type FinalizedChain, headerView } from './finalized-chain.ts';
import type { StoredBlock } from './record.ts';
import type { LogRecord } from './state.ts';

/** Final blocks of one certificate, on their way to disk and application. */
interface Commit {
  readonly blocks: readonly StoredBlock[];
  readonly logged: boolean;
}

/** What the executor tells its owner. */
export interface ExecutorEvents {
  /** Resolves when everything logged so far is durable. */
  readonly logDurable: () => Promise<void>;
  /** A block is stored and executed; `path` leads from it to the certified one. */
  readonly applied: (path: readonly StoredBlock[], results: readonly TxResult[]) => void;
  readonly failed: (error: unknown) => void;
}

/** Takes final blocks in order: durable first, then executed, then told. */
export class Executor {
  readonly #app: App;
  readonly #chain: FinalizedChain;
  readonly #events: ExecutorEvents;
  readonly #queue: Commit[] = [];
  /** Logged blocks that the store may not hold durably: those it has not been given yet, and during a sync of it those given since. */
  #unsynced: StoredBlock[] = [];
  #isCompacting = false;
  #running: Promise<void> | undefined;
  readonly #stopping = Promise.withResolvers<void>();
  #isStopped = false;

  constructor(app: App, chain: FinalizedChain, events: ExecutorEvents) {
    this.#app = app;
    this.#chain = chain;
    this.#events = events;
  }

  push(commit: Commit): void {
    if (this.#isStopped) return;
    this.#queue.push(commit);
    if (commit.logged) this.#unsynced.push(...commit.blocks);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    try {
      for (let commit = this.#queue.shift(); commit !== undefined; commit = this.#queue.shift()) {
        if (this.#isStopped) return;
        const { blocks, logged } = commit;
        if (logged) await Promise.race([this.#events.logDurable(), this.#stopping.promise]);
        if (this.#isStopped) return;
        await this.#chain.append(blocks);
        // The log still has their records: a shorter one is only written after a sync of the store.
        if (!this.#isCompacting) this.#forgetUpTo(this.#chain.height);
        if (!logged) await this.#chain.sync();
        for (let index = 0; index < blocks.length; index += 1) {
          const entry = blocks[index] as StoredBlock;
          const results = await this.apply(entry);
          this.#events.applied(blocks.slice(index), results);
        }
      }
    } catch (error) {
      this.#events.failed(error);
    } finally {
      // In the same turn as the last look at the queue: what is pushed later starts anew.
      this.#running = undefined;
    }
  }

  /** Has the application execute a block that is stored. */
  async apply({ block }: StoredBlock): Promise<readonly TxResult[]> {
    const { header, hash, txs } = block;
    const { stateRoot, results } = await this.#app.apply({ header: headerView(header, hash), txs });
    if (results.length !== txs.length || stateRoot.length !== 32) {
      throw new ConsensusError(
        {
          code: 'consensus/app-mismatch',
          height: header.height,
          reason: 'apply answered other than one result a transaction',
        },
        `the application's answer for block ${header.height} does not fit it`,
      );
    }
    this.#chain.noteRoot(header.height, stateRoot);
    return results;
  }

  /** Executes again, after a restart, what the application has not kept. */
  async replay(): Promise<void> {
    const from = this.#app.appliedHeight();
    if (from > 0 || this.#chain.height === 0) this.#chain.noteRoot(from, this.#app.stateRoot());
    for (let height = from + 1; height <= this.#chain.height && !this.#isStopped; height += 1) {
      const entry = await this.#chain.read(height);
      if (entry === undefined) throw new Error(`stored block ${height} cannot be read`);
      await this.apply(entry);
    }
  }

  /**
   * Syncs the block store, then names the records of final blocks that it does not hold durably: what a shorter log
   * must still carry.
   */
  async compact(): Promise<readonly LogRecord[]> {
    const height = this.#chain.height;
    this.#isCompacting = true;
    try {
      await this.#chain.sync();
    } finally {
      this.#isCompacting = false;
    }
    this.#forgetUpTo(height);
    return this.#unsynced.flatMap(({ block, certificate }): LogRecord[] => [
      { type: 'block', block },
      ...(certificate === undefined ? [] : [{ type: 'certificate', certificate } as const]),
    ]);
  }

  #forgetUpTo(height: number): void {
    this.#unsynced = this.#unsynced.filter(({ block }) => block.header.height > height);
  }

  /** Ends after the block at hand. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopping.resolve();
    while (this.#running !== undefined) await this.#running;
  }
}

/** The application must start from the root that the genesis names. */
export function checkGenesisRoot(app: App, stateRoot: Uint8Array): void {
  if (app.appliedHeight() > 0 || toHex(app.stateRoot()) === toHex(stateRoot)) return;
  throw new ConsensusError(
    { code: 'consensus/app-mismatch', height: 0, reason: "the root differs from the genesis'" },
    'the application does not start from the state that the genesis names',
  );
}
