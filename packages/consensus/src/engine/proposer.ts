import type { Clock } from '@hypermesh/core';
import type { CheckedGenesis, ValidatorLimits } from '../options.ts';
import { type Block, createBlock } from './block.ts';
import type { FinalizedChain } from './finalized-chain.ts';
import { type Mempool, type TxId, txIdOf } from './mempool.ts';
import type { EngineEffect } from './state.ts';

type Request = Extract<EngineEffect, { type: 'propose' }>;

/** Blocks that may be final and not yet executed before the leader waits for the application. */
const MAX_UNAPPLIED = 64;
/** Bytes of a block that its header and framing may take. */
const HEADER_BYTES = 1_024;

/** What the proposer works with. */
export interface ProposerParts {
  readonly clock: Clock;
  readonly limits: ValidatorLimits;
  readonly genesis: CheckedGenesis;
  readonly me: number;
  readonly mempool: Mempool;
  readonly chain: FinalizedChain;
  /** Root named by the last committed header, for a leader whose application is behind. */
  readonly headState: () => { readonly stateHeight: number; readonly stateRoot: Uint8Array };
  readonly deliver: (view: number, block: Block) => void;
  readonly gone: (id: TxId, reason: string) => void;
}

/**
 * Holds a leader's proposal back until there is something to order, the last block is old enough, or the heartbeat is
 * due. One request at a time: a later view replaces the former.
 */
export class Proposer {
  readonly #parts: ProposerParts;
  #request: Request | undefined;
  #included: ReadonlySet<TxId> = new Set();
  #enteredMs = 0;
  #earliestMs = 0;
  #cancel: (() => void) | undefined;

  constructor(parts: ProposerParts) {
    this.#parts = parts;
  }

  request(request: Request): void {
    const { clock, limits } = this.#parts;
    this.#request = request;
    this.#included = new Set(request.ancestors.flatMap((block) => block.txs.map(txIdOf)));
    this.#enteredMs = clock.monotonicMs();
    const wait = request.parent.timeMs + limits.minBlockIntervalMs - clock.nowMs();
    this.#earliestMs = this.#enteredMs + Math.min(limits.minBlockIntervalMs, Math.max(0, wait));
    this.poke();
  }

  /** Forgets the request, because the view is over. */
  drop(view: number): void {
    if (this.#request !== undefined && this.#request.view < view) this.stop();
  }

  stop(): void {
    this.#request = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Looks again: a transaction came, a block was executed, or time has passed. */
  poke(): void {
    const request = this.#request;
    if (request === undefined) return;
    this.#cancel?.();
    this.#cancel = undefined;
    const { clock, chain } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (request.parent.height - chain.appliedHeight > MAX_UNAPPLIED) return;
    const dueMs = Math.max(this.#earliestMs, this.#dueMs(request));
    if (dueMs > nowMs) {
      if (dueMs === Number.POSITIVE_INFINITY) return;
      this.#cancel = clock.schedule(dueMs - nowMs, () => this.poke());
      return;
    }
    this.#request = undefined;
    this.#parts.deliver(request.view, this.#build(request));
  }

  /** When the block is due, by the monotonic clock. */
  #dueMs({ parent, ancestors }: Request): number {
    const { limits, mempool, chain } = this.#parts;
    if (parent.height === 0 || limits.heartbeatMs === 0 || mempool.hasReady(this.#included)) return 0;
    const heartbeatMs = this.#enteredMs + limits.heartbeatMs;
    const isUnfinished = ancestors.some(({ header, txs }) => txs.length > 0 && header.height > chain.height);
    return isUnfinished ? Math.min(heartbeatMs, this.#enteredMs + limits.leaderTimeoutMs / 4) : heartbeatMs;
  }

  #build({ view, parent, ancestors }: Request): Block {
    const { clock, chain, genesis, limits, me, mempool, gone, headState } = this.#parts;
    const last = ancestors[ancestors.length - 1]?.header ?? headState();
    const isAhead = chain.appliedHeight >= last.stateHeight && chain.appliedHeight <= parent.height;
    const state = isAhead
      ? { stateHeight: chain.appliedHeight, stateRoot: chain.appliedRoot }
      : { stateHeight: last.stateHeight, stateRoot: last.stateRoot };
    const height = parent.height + 1;
    const context = chain.context(height, parent.timeMs, state.stateHeight);
    const txs = mempool.select(
      context,
      { maxBytes: limits.maxBlockBytes - HEADER_BYTES, maxTxs: limits.maxBlockTxs, included: this.#included },
      gone,
    );
    return createBlock(
      {
        chain: genesis.chain,
        height,
        view,
        parent: parent.hash,
        timeMs: Math.max(clock.nowMs(), parent.timeMs + 1),
        proposer: me,
        ...state,
        validatorsHash: genesis.validatorsHash,
      },
      txs,
    );
  }
}
