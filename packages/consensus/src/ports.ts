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

/** What a validator's messages travel through, adapters of which are TCP, STOQ or memory. */
export interface Transport {
  /**
   * Hands `message` to validator `to`. Best effort: it may be lost, doubled or overtaken, and is dropped while there
   * is no connection or its buffer is full; never throws, never blocks. The bytes are not changed by the sender later.
   */
  send(to: number, message: Uint8Array): void;
  /** Names the one receiver of everything that arrives from now on; the answer ends that. */
  listen(receiver: TransportReceiver): () => void;
  /** Indexes of the validators with a standing connection. */
  peers(): readonly number[];
}

/** The engine's side of a transport. */
export interface TransportReceiver {
  /** Bytes from validator `from`, whose identity the transport has proved. The receiver owns them; never throws. */
  message(from: number, bytes: Uint8Array): void;
  /** A connection to `peer` stands, for the first time or again. */
  connected(peer: number): void;
}

/** The durable memory of one validator. One owner at a time. */
export interface Storage {
  readonly log: WriteAheadLog;
  readonly blocks: BlockStore;
  readonly guard: SignGuard;
}

/** The write-ahead log: what this validator signed and knew. A failed call leaves it unusable. */
export interface WriteAheadLog {
  /** Bytes that the log takes up. */
  readonly sizeBytes: number;
  /** All durable records, oldest first. Called once, before anything is written. */
  replay(): Promise<readonly Uint8Array[]>;
  /** Resolves when the records are durable: after a crash all of them are there, or none. One call at a time. */
  append(records: readonly Uint8Array[]): Promise<void>;
  /** Puts `records` in the place of the whole log: after a crash either the old log is there or the new one. */
  replace(records: readonly Uint8Array[]): Promise<void>;
}

/** Finalized blocks by height, from 1 on, without gaps. */
export interface BlockStore {
  /** Height of the last block, 0 at first. */
  readonly height: number;
  /** Adds the entries for `height + 1` and on. They can be read when it resolves and are durable after `sync`. */
  append(entries: readonly Uint8Array[]): Promise<void>;
  /** The entry of a height, or undefined above `height`. */
  read(height: number): Promise<Uint8Array | undefined>;
  sync(): Promise<void>;
}

/**
 * Keeps a view up to which the validator may have signed, apart from the log: should the log be lost, nothing up to
 * that view is signed again.
 */
export interface SignGuard {
  /** The guarded view, 0 at first. */
  readonly view: number;
  /**
   * The guarded view at the time when the log was found to be gone, 0 if that never happened: nothing up to it is
   * signed before a finalization at or beyond it was seen. Remembered across restarts.
   */
  readonly mutedUntil: number;
  /** Resolves when the new, higher view is durable. */
  raise(view: number): Promise<void>;
}
