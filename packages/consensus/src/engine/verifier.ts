import type { Clock, Log } from '@hypermesh/core';
import type { ValidatorLimits } from '../options.ts';
import type { Block } from './block.ts';
import { type FinalizedChain, isSameRoot } from './finalized-chain.ts';
import type { Mempool } from './mempool.ts';
import type { EngineEffect, Head } from './state.ts';
import type { BlockId } from './vote.ts';

/** Why the contents of a proposal are refused, or that its view ended first. */
type ProposalReason =
  | 'time-ahead'
  | 'time-behind'
  | 'state-root'
  | 'state-unknown'
  | 'abandoned'
  | `tx:${string}`;

/** What the verifier works with. */
export interface VerifierParts {
  readonly clock: Clock;
  readonly limits: ValidatorLimits;
  readonly mempool: Mempool;
  readonly chain: FinalizedChain;
  /** Resolves when the application has executed a height; false when the signal came first. */
  readonly applied: (height: number, signal: AbortSignal) => Promise<boolean>;
  readonly log: Log;
  /** The verdict on a proposal whose view is not over. */
  readonly done: (view: number, block: BlockId, ok: boolean) => void;
}

/** Checks one proposal at a time, that of the present view. */
export class Verifier {
  readonly #parts: VerifierParts;
  #checking: AbortController | undefined;

  constructor(parts: VerifierParts) {
    this.#parts = parts;
  }

  check({ view, block, parent }: Extract<EngineEffect, { type: 'verify' }>): void {
    this.abandon();
    const { log, done } = this.#parts;
    const checking = new AbortController();
    this.#checking = checking;
    verifyProposal(block, parent, { ...this.#parts, signal: checking.signal }).then(
      (reason) => {
        if (this.#checking === checking) this.#checking = undefined;
        if (reason === 'abandoned') return;
        const { height } = block.header;
        if (reason !== undefined) log.warn('consensus.proposal-refused', { view, height, reason });
        done(view, block.id, reason === undefined);
      },
      (error) => {
        log.error('consensus.check-failed', { view, message: String(error) });
        done(view, block.id, false);
      },
    );
  }

  /** The view is over: what is being checked does not matter any more. */
  abandon(): void {
    this.#checking?.abort();
    this.#checking = undefined;
  }
}

/**
 * Checks what only a validator with a clock and the application can: the proposer's time against its own, the named
 * state root once that height is executed here, and each transaction at the block's context.
 */
async function verifyProposal(
  block: Block,
  parent: Head,
  parts: Omit<VerifierParts, 'log' | 'done'> & { readonly signal: AbortSignal },
): Promise<ProposalReason | undefined> {
  const { clock, limits, mempool, chain, applied, signal } = parts;
  const { header, txs } = block;
  const nowMs = clock.nowMs();
  if (header.timeMs > nowMs + limits.precisionMs) return 'time-ahead';
  if (header.timeMs < nowMs - limits.messageDelayMs - limits.precisionMs) return 'time-behind';
  if (!(await applied(header.stateHeight, signal))) return 'abandoned';
  const root = chain.rootAt(header.stateHeight);
  if (root === undefined) return 'state-unknown';
  if (!isSameRoot(root, header.stateRoot)) return 'state-root';
  const context = chain.context(header.height, parent.timeMs, header.stateHeight);
  const verdicts = await Promise.all(txs.map((tx) => mempool.checkProposed(tx, context)));
  const refused = verdicts.find((verdict) => !verdict.ok);
  if (signal.aborted) return 'abandoned';
  return refused === undefined || refused.ok ? undefined : `tx:${refused.reason}`;
}
