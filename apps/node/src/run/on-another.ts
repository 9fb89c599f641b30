import { hasCode, type NodeId } from '@hypermesh/core';
import type { Tell } from '../movement.ts';
import type { RunOutcome, RunRequest, RunService } from './asking.ts';

/** A run that went through, and the nodes that were lost before it did. */
export type RunOnSome = RunOutcome & { readonly lost: readonly string[] };

/**
 * Has a package run by the first node that lives to answer: where one is lost in the midst, or cannot be reached, the next is
 * asked, under a lease of its own. Any other failure ends it, as does the last node's.
 */
export async function runOnAnother(
  runs: RunService,
  requests: readonly [RunRequest, ...RunRequest[]],
  {
    nameOf,
    tell,
    signal,
  }: { nameOf(node: NodeId): string; readonly tell: Tell; readonly signal: AbortSignal },
): Promise<RunOnSome> {
  const lost: string[] = [];
  const [first, ...others] = requests;
  for (let request = first; ; ) {
    try {
      return { ...(await runs.run(request, tell, signal)), lost };
    } catch (error) {
      const next = others.shift();
      if (next === undefined || !hasCode(error, 'node/unreachable')) throw error;
      signal.throwIfAborted();
      lost.push(nameOf(request.executor));
      tell(`${nameOf(request.executor)} was lost; ${nameOf(next.executor)} is asked`);
      request = next;
    }
  }
}
