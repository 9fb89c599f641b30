import type { OperationLedger } from '@hypermesh/consensus';
import type { ContentRoot, NodeId } from '@hypermesh/core';
import { openStatement } from '@hypermesh/executors';
import { NodeError } from '../errors.ts';
import type { Tell } from '../movement.ts';
import type { RunJournal } from './journal.ts';
import type { NodeAsks } from './node-asks.ts';
import { leaseTermsOf } from './record-view.ts';
import type { RunRecords } from './records.ts';

/** How a second execution compared. */
export interface RerunOutcome {
  readonly lease: string;
  readonly by: string;
  readonly matches: boolean;
  readonly detail: string;
  readonly tookMs: number;
}

/** What a second execution is asked with. */
export interface RerunParts {
  readonly journal: RunJournal;
  readonly records: RunRecords;
  readonly ledger: Pick<OperationLedger, 'entries'>;
  readonly asks: Pick<NodeAsks, 'reexecute'>;
  /** Whether every chunk of an input is still on this node: another member fetches it from here. */
  hasContent(root: ContentRoot): Promise<boolean>;
  keyOf(node: NodeId): Uint8Array;
  nameOf(node: NodeId): string;
  /** Members that could execute it, this node not among them. */
  readonly others: readonly NodeId[];
  readonly monotonicMs: () => number;
}

/**
 * Has a run that this node asked for executed once more by another member, from the record that was kept, and compares
 * receipts. Throws `node/not-found` where the run, its record or its input is gone.
 */
export async function rerun(
  parts: RerunParts,
  { lease, on }: { readonly lease: string; readonly on?: NodeId },
  tell: Tell,
  signal: AbortSignal,
): Promise<RerunOutcome> {
  const { journal, records, ledger, asks, keyOf, nameOf } = parts;
  const terms = leaseTermsOf(ledger, lease);
  const kept = records.get(lease);
  if (terms === undefined || kept === undefined) {
    throw gone(`the record of ${lease}`, 'it is kept by the node that asked for the run, for its newest 256');
  }
  const opened = openStatement(kept.statement, keyOf(terms.executor));
  if (!opened.ok)
    throw gone(`a record of ${lease} that holds`, `what is kept of it is damaged: ${opened.reason}`);
  const { receipt } = opened.statement;
  if (receipt.length === 0) {
    throw gone(`a receipt of ${lease}`, 'a run that did not end well leaves no result to compare with');
  }
  if (terms.input !== undefined && !(await parts.hasContent(terms.input))) {
    throw gone(
      `the input of ${lease}`,
      `its content ${terms.input} is not on this node any more: run the package again`,
    );
  }
  const by = on ?? parts.others.findLast((node) => node !== terms.executor) ?? parts.others.at(-1);
  if (by === undefined) throw gone('another member', 'a mesh of one node has nobody to execute it again');
  tell(`${nameOf(by)} runs ${terms.package} again`);
  const startedMs = parts.monotonicMs();
  const matches = await asks.reexecute(by, terms, receipt, signal);
  const tookMs = Math.round(parts.monotonicMs() - startedMs);
  const detail = matches
    ? 'the same output, fuel and memory'
    : 'its result differs from what the first node stated';
  journal.reexecuted(lease, by, { matches, detail });
  return { lease, by: nameOf(by), matches, detail, tookMs };
}

function gone(what: string, next: string): NodeError {
  return new NodeError(
    { code: 'node/not-found', what, next },
    `There is no ${what.replace(/^(the|a) /, '')}: ${next}`,
  );
}
