import type { Clock } from '@hypermesh/core';
import { ConsensusError } from '../errors.ts';
import type { ValidatorLimits } from '../options.ts';
import type { App, ChainContext, TxResult } from '../ports.ts';
import { BoundedMap } from './bounded-map.ts';
import { type FinalizedChain, finalityProof } from './finalized-chain.ts';
import { Mempool, type TxId, txIdOf } from './mempool.ts';
import type { StoredBlock } from './record.ts';
import type { FinalizedEntry, Receipt } from './validator-node.ts';

/** Greatest size of one message of transactions, and how many it holds. */
const MAX_TELL_BYTES = 256 * 1024;
const MAX_TELL_TXS = 512;
/** Results at hand for those who submit the same transaction again. */
const REMEMBERED_RESULTS = 65_536;

/** What the submissions work with. */
export interface SubmissionParts {
  readonly app: App;
  readonly clock: Clock;
  readonly limits: ValidatorLimits;
  readonly chain: FinalizedChain;
  readonly parentTimeMs: () => number;
  readonly headHeight: () => number;
  /** Sends transactions to one peer, or to all. */
  readonly tell: (txs: readonly Uint8Array[], to: number | undefined) => void;
  /** The mempool may have become empty, or not empty. */
  readonly changed: () => void;
}

interface Waiter {
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

/** Everyone who waits for finality: submitted transactions, followers of the chain, checks that need a state. */
export class Submissions {
  readonly mempool: Mempool;
  readonly #parts: SubmissionParts;
  readonly #waiters = new Map<TxId, Set<Waiter>>();
  readonly #results = new BoundedMap<TxId, TxResult>(REMEMBERED_RESULTS);
  readonly #onApplied = new Set<() => void>();
  readonly #toTell: Uint8Array[] = [];
  #stopped: string | undefined;

  constructor(parts: SubmissionParts) {
    this.#parts = parts;
    this.mempool = new Mempool(parts.app, parts.limits);
  }

  #context(): ChainContext {
    const { chain, parentTimeMs, headHeight } = this.#parts;
    return chain.context(headHeight() + 1, parentTimeMs(), chain.appliedHeight);
  }

  async submit(tx: Uint8Array, signal?: AbortSignal): Promise<Receipt> {
    signal?.throwIfAborted();
    if (this.#stopped !== undefined) throw stoppedError(this.#stopped);
    const id = txIdOf(tx);
    const known = await this.#receipt(id);
    if (known !== undefined) return known;
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    const waiter: Waiter = { resolve, reject };
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(waiter));
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    this.#admitOwn(new Uint8Array(tx), id).catch(reject);
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', abort);
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id);
    }
  }

  async #receipt(id: TxId): Promise<Receipt | undefined> {
    const place = this.mempool.finalized(id);
    const result = this.#results.get(id);
    if (place === undefined || result === undefined) return undefined;
    const proof = await this.#parts.chain.proof(place.height, place.txIndex);
    return proof && { proof, result };
  }

  async #admitOwn(tx: Uint8Array, id: TxId): Promise<void> {
    const { clock, limits } = this.#parts;
    const verdict = await this.mempool.admit(tx, {
      from: undefined,
      context: this.#context(),
      nowMs: clock.monotonicMs(),
    });
    this.#parts.changed();
    if (verdict.ok) {
      this.#tellSoon(tx);
      return;
    }
    const { reason } = verdict;
    if (typeof reason === 'object') throw refusedError(reason.refused);
    const sizeBytes = tx.length;
    if (reason === 'too-large') {
      const maxBytes = limits.maxTxBytes;
      throw new ConsensusError(
        { code: 'consensus/tx-too-large', sizeBytes, maxBytes },
        `a transaction holds at most ${maxBytes} bytes, this one ${sizeBytes}`,
      );
    }
    const { size, bytes } = this.mempool;
    throw new ConsensusError(
      { code: 'consensus/mempool-full', txs: size, sizeBytes: bytes },
      `transaction ${id}: ${size} others wait already; submit it again later`,
    );
  }

  /** Transactions from a peer: admitted in the background, refused ones are dropped. */
  receive(txs: readonly Uint8Array[], from: number): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const tx of txs) {
      this.mempool
        .admit(tx, { from, context: this.#context(), nowMs })
        .then(() => this.#parts.changed())
        .catch(() => this.#parts.changed());
    }
  }

  #tellSoon(tx: Uint8Array): void {
    this.#toTell.push(tx);
    if (this.#toTell.length === 1) queueMicrotask(() => this.#tellAll(this.#toTell.splice(0)));
  }

  #tellAll(txs: readonly Uint8Array[], to?: number): void {
    let batch: Uint8Array[] = [];
    let bytes = 0;
    const flush = (): void => {
      if (batch.length > 0) this.#parts.tell(batch, to);
      batch = [];
      bytes = 0;
    };
    for (const tx of txs) {
      if (bytes + tx.length > MAX_TELL_BYTES || batch.length >= MAX_TELL_TXS) flush();
      batch.push(tx);
      bytes += tx.length;
    }
    flush();
  }

  /** Tells the own waiting transactions again, to one peer or to all. */
  tellOwn(to?: number): void {
    this.#tellAll(this.mempool.own(MAX_TELL_TXS), to);
  }

  /** The first block of `path` is executed. */
  finalize(path: readonly StoredBlock[], results: readonly TxResult[]): void {
    const [entry] = path;
    if (entry === undefined) return;
    const { header, txs } = entry.block;
    const ids = this.mempool.finalize(txs, header.height);
    ids.forEach((id, txIndex) => {
      const result = results[txIndex] as TxResult;
      const place = this.mempool.finalized(id);
      if (place?.height === header.height && place.txIndex === txIndex) this.#results.set(id, result);
      const waiters = this.#waiters.get(id);
      if (waiters === undefined) return;
      const proof = finalityProof(path, txIndex);
      if (proof === undefined) return;
      for (const waiter of waiters) waiter.resolve({ proof, result });
    });
    for (const listener of [...this.#onApplied]) listener();
  }

  /** A transaction left the mempool without becoming final. */
  drop(id: TxId, reason: 'expired' | string): void {
    const { txLifetimeMs } = this.#parts.limits;
    const error =
      reason === 'expired'
        ? new ConsensusError(
            { code: 'consensus/tx-expired', afterMs: txLifetimeMs },
            `not final within ${txLifetimeMs} ms; it may still become so`,
          )
        : refusedError(reason);
    for (const waiter of this.#waiters.get(id) ?? []) waiter.reject(error);
  }

  sweep(): void {
    this.mempool.sweep(this.#context(), this.#parts.clock.monotonicMs(), (id, reason) =>
      this.drop(id, reason),
    );
  }

  /** Resolves true once a height is executed, false when the signal comes first. */
  applied(height: number, signal?: AbortSignal): Promise<boolean> {
    const { chain } = this.#parts;
    if (chain.appliedHeight >= height) return Promise.resolve(true);
    if (signal?.aborted === true || this.#stopped !== undefined) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      const isThere = chain.appliedHeight >= height;
      if (!isThere && signal?.aborted !== true && this.#stopped === undefined) return;
      this.#onApplied.delete(look);
      signal?.removeEventListener('abort', look);
      resolve(isThere);
    };
    this.#onApplied.add(look);
    signal?.addEventListener('abort', look, { once: true });
    return promise;
  }

  async *follow(from: number, signal?: AbortSignal): AsyncGenerator<FinalizedEntry> {
    for (let height = from; await this.applied(height, signal); height += 1) {
      const entry = await this.#parts.chain.read(height);
      if (entry === undefined) return;
      const { header, hash, txs, bytes } = entry.block;
      yield { header, hash, txs, sizeBytes: bytes.length };
    }
  }

  /** Nobody waits any more. */
  stop(reason: string): void {
    this.#stopped = reason;
    for (const waiters of this.#waiters.values())
      for (const waiter of waiters) waiter.reject(stoppedError(reason));
    for (const listener of [...this.#onApplied]) listener();
  }
}

function refusedError(reason: string): ConsensusError {
  return new ConsensusError(
    { code: 'consensus/tx-refused', reason },
    `the application refuses the transaction: ${reason}`,
  );
}

function stoppedError(reason: string): ConsensusError {
  return new ConsensusError({ code: 'consensus/stopped', reason }, `this validator has stopped: ${reason}`);
}
