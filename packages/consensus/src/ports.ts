import type { Verdict } from '@hypermesh/core';

/** What a block's header says, as far as an application may look. Hashes are 32 bytes, heights start at 1. */
export interface HeaderView {
  readonly height: number;
  readonly view: number;
  readonly hash: Uint8Array;
  /** Proposer's Unix time in milliseconds, strictly greater than the parent's. */
  readonly timeMs: number;
  /** Application state after the block `stateHeight`, an already finalized ancestor. */
  readonly stateHeight: number;
  readonly stateRoot: Uint8Array;
}

/** Where a transaction is to stand: the same on every validator that checks the same proposal. */
export interface ChainContext {
  /** Height of the block that would hold the transaction. */
  readonly height: number;
  /** Time of that block's parent, Unix milliseconds. */
  readonly parentTimeMs: number;
  /** The finalized header at a height, or undefined where this validator has not finalized it yet. */
  finalizedHeader(height: number): HeaderView | undefined;
}

/** How an applied transaction ended; `code` is `ok` or the application's own reason. Part of the state, so exact. */
export interface TxResult {
  readonly code: string;
}

/** A block that is final, as the application receives it. The bytes belong to the engine: read, do not write. */
export interface FinalizedBlock {
  readonly header: HeaderView;
  readonly txs: readonly Uint8Array[];
}

/**
 * The replicated application. The engine orders opaque transactions; the application says which may enter a block
 * and what they do.
 */
export interface App {
  /**
   * Whether `tx` may stand in a block at `context`. Must give the same verdict on every validator for the same
   * context, must not throw for any bytes and must not change state. The costly part runs once per transaction:
   * the engine asks at admission and, for transactions it has not seen, when it checks a proposal.
   */
  checkTx(tx: Uint8Array, context: ChainContext): Promise<Verdict>;
  /**
   * The part of `checkTx` that depends on the context alone, such as the age of an anchor: cheap, asked again for
   * every proposal that holds an already admitted transaction.
   */
  recheckTx(tx: Uint8Array, context: ChainContext): Verdict;
  /**
   * Executes a final block. Called once per height, in order; deterministic. A transaction that no longer fits
   * (a replay, say) changes nothing and says so in its result. After a restart the engine calls it again from
   * `appliedHeight() + 1`.
   */
  apply(
    block: FinalizedBlock,
  ): Promise<{ readonly stateRoot: Uint8Array; readonly results: readonly TxResult[] }>;
  /** Height of the last block that was applied and will not be offered again, 0 at first. */
  appliedHeight(): number;
  /** Root of the present state, 32 bytes. */
  stateRoot(): Uint8Array;
}
