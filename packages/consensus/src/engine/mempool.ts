import { toHex, type Verdict } from '@hypermesh/core';
import { leafHash } from '@hypermesh/core/merkle';
import type { App, ChainContext } from '../ports.ts';
import { BoundedMap } from './bounded-map.ts';

/** Hex of a transaction's RFC 6962 leaf hash: its name in the mempool. */
export type TxId = string;

/** The name of a transaction. */
export function txIdOf(tx: Uint8Array): TxId {
  return toHex(leafHash(tx));
}

/** How much waits at most; a peer alone may fill a quarter. */
export interface MempoolLimits {
  readonly mempoolTxs: number;
  readonly mempoolBytes: number;
  readonly maxTxBytes: number;
  readonly txLifetimeMs: number;
}

/** Why a transaction was not taken or did not stay. */
export type MempoolReason = 'too-large' | 'full' | 'expired' | 'refused';

interface Entry {
  readonly id: TxId;
  readonly tx: Uint8Array;
  readonly from: number | undefined;
  readonly addedMs: number;
  isReady: boolean;
}

/** Checks of peers' transactions that run at a time; those of proposals and own ones do not wait. */
const MAX_CHECKS = 16;
/** Transactions of one peer that wait for their check; what comes on top is dropped. */
const MAX_UNCHECKED = 512;
const REMEMBERED = 65_536;

/** Transactions that wait to be ordered. The costly check runs once for each, here or in a proposal. */
export class Mempool {
  readonly #entries = new Map<TxId, Entry>();
  readonly #checked = new BoundedMap<TxId, true>(REMEMBERED);
  readonly #refused = new BoundedMap<TxId, { reason: string; height: number }>(REMEMBERED);
  readonly #finalized = new BoundedMap<TxId, { height: number; txIndex: number }>(REMEMBERED);
  readonly #shares = new Map<number | undefined, { txs: number; bytes: number }>();
  readonly #unchecked = new Map<number, number>();
  readonly #queue: (() => void)[] = [];
  readonly #app: App;
  readonly #limits: MempoolLimits;
  #checks = 0;
  #bytes = 0;

  constructor(app: App, limits: MempoolLimits) {
    this.#app = app;
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(id: TxId): boolean {
    return this.#entries.has(id);
  }

  /** Where a transaction of the recent past stands. */
  finalized(id: TxId): { height: number; txIndex: number } | undefined {
    return this.#finalized.get(id);
  }

  /** The transactions that a validator submitted itself, to be told again. */
  own(limit: number): Uint8Array[] {
    const own: Uint8Array[] = [];
    for (const { from, tx, isReady } of this.#entries.values()) {
      if (own.length >= limit) break;
      if (from === undefined && isReady) own.push(tx);
    }
    return own;
  }

  /**
   * Takes a transaction from a peer, or from this validator when `from` is undefined, once the application accepts
   * it. A known one is accepted at once.
   */
  async admit(
    tx: Uint8Array,
    { from, context, nowMs }: { from: number | undefined; context: ChainContext; nowMs: number },
  ): Promise<Verdict<{ id: TxId }, MempoolReason | { refused: string }>> {
    if (tx.length > this.#limits.maxTxBytes) return { ok: false, reason: 'too-large' };
    const id = txIdOf(tx);
    const known = this.#entries.get(id);
    if (known !== undefined || this.#finalized.has(id)) return { ok: true, id };
    const before = this.#refused.get(id);
    if (before !== undefined && before.height === context.height)
      return { ok: false, reason: { refused: before.reason } };
    if (!this.#fits(tx.length, from)) return { ok: false, reason: 'full' };
    const entry: Entry = { id, tx, from, addedMs: nowMs, isReady: false };
    this.#add(entry);
    const verdict = await this.#checkInTurn(entry, context);
    if (!verdict.ok) {
      this.#remove(entry);
      return { ok: false, reason: { refused: verdict.reason } };
    }
    entry.isReady = true;
    return { ok: true, id };
  }

  /** Checks a transaction of a proposal: in full when it is new, else only what depends on the context. */
  async checkProposed(tx: Uint8Array, context: ChainContext): Promise<Verdict> {
    const id = txIdOf(tx);
    if (this.#checked.has(id)) return this.#app.recheckTx(tx, context);
    return this.#check(id, tx, context);
  }

  /** Peers' transactions wait for a free place, so that a flood of them does not hold up the rest. */
  async #checkInTurn({ id, tx, from }: Entry, context: ChainContext): Promise<Verdict> {
    if (from === undefined) return this.#check(id, tx, context);
    this.#unchecked.set(from, (this.#unchecked.get(from) ?? 0) + 1);
    if (this.#checks >= MAX_CHECKS) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#checks += 1;
    try {
      return await this.#check(id, tx, context);
    } finally {
      this.#checks -= 1;
      this.#unchecked.set(from, (this.#unchecked.get(from) ?? 1) - 1);
      this.#queue.shift()?.();
    }
  }

  async #check(id: TxId, tx: Uint8Array, context: ChainContext): Promise<Verdict> {
    const verdict = await this.#app.checkTx(tx, context);
    if (verdict.ok) this.#checked.set(id, true);
    else this.#refused.set(id, { reason: verdict.reason, height: context.height });
    return verdict;
  }

  #fits(bytes: number, from: number | undefined): boolean {
    const { mempoolTxs, mempoolBytes } = this.#limits;
    if (this.#entries.size >= mempoolTxs || this.#bytes + bytes > mempoolBytes) return false;
    if (from === undefined) return true;
    if ((this.#unchecked.get(from) ?? 0) >= MAX_UNCHECKED) return false;
    const share = this.#shares.get(from) ?? { txs: 0, bytes: 0 };
    return share.txs < mempoolTxs / 4 && share.bytes + bytes <= mempoolBytes / 4;
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.id, entry);
    this.#count(entry, 1);
  }

  #remove(entry: Entry): void {
    if (this.#entries.delete(entry.id)) this.#count(entry, -1);
  }

  #count({ from, tx }: Entry, sign: 1 | -1): void {
    const share = this.#shares.get(from) ?? { txs: 0, bytes: 0 };
    share.txs += sign;
    share.bytes += sign * tx.length;
    this.#bytes += sign * tx.length;
    if (share.txs === 0) this.#shares.delete(from);
    else this.#shares.set(from, share);
  }

  /** Whether something could go into a block that does not hold `included` yet. */
  hasReady(included: ReadonlySet<TxId>): boolean {
    for (const { id, isReady } of this.#entries.values()) if (isReady && !included.has(id)) return true;
    return false;
  }

  /** The oldest transactions that fit a block at `context`; what no longer holds is forgotten and told. */
  select(
    context: ChainContext,
    { maxBytes, maxTxs, included }: { maxBytes: number; maxTxs: number; included: ReadonlySet<TxId> },
    gone: (id: TxId, reason: string) => void,
  ): Uint8Array[] {
    const chosen: Uint8Array[] = [];
    let bytes = 0;
    for (const entry of [...this.#entries.values()]) {
      if (chosen.length >= maxTxs) break;
      if (!entry.isReady || included.has(entry.id) || bytes + entry.tx.length + 16 > maxBytes) continue;
      const verdict = this.#app.recheckTx(entry.tx, context);
      if (!verdict.ok) {
        this.#remove(entry);
        gone(entry.id, verdict.reason);
        continue;
      }
      chosen.push(entry.tx);
      bytes += entry.tx.length + 16;
    }
    return chosen;
  }

  /** Forgets the transactions of a final block and remembers where they stand. */
  finalize(txs: readonly Uint8Array[], height: number): TxId[] {
    return txs.map((tx, txIndex) => {
      const id = txIdOf(tx);
      const entry = this.#entries.get(id);
      if (entry !== undefined) this.#remove(entry);
      if (!this.#finalized.has(id)) this.#finalized.set(id, { height, txIndex });
      return id;
    });
  }

  /** Forgets what is too old or, by the application's word, no longer holds. */
  sweep(context: ChainContext, nowMs: number, gone: (id: TxId, reason: 'expired' | string) => void): void {
    for (const entry of [...this.#entries.values()]) {
      if (!entry.isReady) continue;
      const verdict = this.#app.recheckTx(entry.tx, context);
      const isOld = nowMs - entry.addedMs > this.#limits.txLifetimeMs;
      if (verdict.ok && !isOld) continue;
      this.#remove(entry);
      gone(entry.id, verdict.ok ? 'expired' : verdict.reason);
    }
  }
}
