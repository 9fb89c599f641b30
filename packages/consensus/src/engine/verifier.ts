import type { Clock } from '@hypermesh/core';
import type { ValidatorLimits } from '../options.ts';
import type { Block } from './block.ts';
import { type FinalizedChain, isSameRoot } from './finalized-chain.ts';
import type { Mempool } from './mempool.ts';
import type { Head } from './state.ts';

/** Why the contents of a proposal are refused, or that its view ended first. */
export type ProposalReason =
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
}

/**
 * Checks what only a validator with a clock and the application can: the proposer's time against its own, the named
 * state root once that height is executed here, and each transaction at the block's context.
 */
export async function verifyProposal(
  block: Block,
  parent: Head,
  parts: VerifierParts & { readonly signal: AbortSignal },
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
