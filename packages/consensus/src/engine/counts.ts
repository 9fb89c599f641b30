import type { Metrics } from '@hypermesh/core';
import type { TxResult } from '../ports.ts';
import type { EngineEffect, EngineInput } from './state.ts';

/** Counts what the engine is told: own proposals and timers that ran out. */
export function countInput(metrics: Metrics, input: EngineInput): void {
  if (input.type === 'proposed') metrics.count('consensus_proposals_total');
  if (input.type === 'timer') metrics.count('consensus_timeouts_total', 1, { timer: input.timer });
}

/** Counts what the engine wants done: its own votes, as they go out. */
export function countEffect(metrics: Metrics, effect: EngineEffect): void {
  if (effect.type === 'broadcast' && effect.message.type === 'vote')
    metrics.count('consensus_votes_total', 1, { kind: effect.message.vote.kind });
}

/** Counts what became final and what became of the transactions in it. */
export function countApplied(metrics: Metrics, blocks: number, results: readonly TxResult[]): void {
  metrics.count('consensus_blocks_total', blocks);
  for (const { code } of results) metrics.count('consensus_transactions_total', 1, { code });
}
