import type { NodeId } from '@hypermesh/core';
import { NodeError } from '../errors.ts';
import type { RunFacts } from './journal.ts';
import { type RunLookup, viewRun } from './record-view.ts';

type NameOf = (node: NodeId) => string;

/** A run with members by their names. */
export function runLine(run: RunFacts, nameOf: NameOf): RunFacts {
  const again = run.reexecutedBy;
  return {
    ...run,
    with: nameOf(run.with as NodeId),
    reexecutedBy: again === null ? null : nameOf(again as NodeId),
  };
}

/** A page of runs, newest first; `before` is the `next` of the page before. */
export function runPage(
  { journal }: Pick<RunLookup, 'journal'>,
  nameOf: NameOf,
  query: {
    readonly role?: RunFacts['role'] | undefined;
    readonly status?: RunFacts['status'] | undefined;
    readonly before?: string | undefined;
    readonly limit?: number | undefined;
  },
) {
  const { role, status, before, limit = 50 } = query;
  const found = journal.list({
    limit: limit + 1,
    ...(role === undefined ? {} : { role }),
    ...(status === undefined ? {} : { status }),
    ...(before === undefined ? {} : { before: placeIn(before) }),
  });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    runs: page.map((run) => runLine(run, nameOf)),
    running: journal.running(),
    next: found.length > limit && last !== undefined ? `${last.startedMs}.${last.lease}` : null,
  };
}

function placeIn(text: string): { readonly startedMs: number; readonly lease: string } {
  const [, startedMs, lease] = /^(\d{1,15})\.([a-z0-9]{1,128})$/.exec(text) ?? [];
  if (startedMs !== undefined && lease !== undefined) return { startedMs: Number(startedMs), lease };
  throw new NodeError(
    { code: 'node/bad-flag', flag: 'before', next: 'give the `next` of the page before' },
    `${text.slice(0, 40)} is no place in the list of runs`,
  );
}

/** One run with its log, receipt, output, cost and second execution. */
export function runRecord(lookup: RunLookup, nameOf: NameOf, lease: string, role?: RunFacts['role']) {
  const { run, details, output, receipt, settlement, canRerun, rerunNote } = viewRun(lookup, lease, role);
  const { log = [], limits = [], proofs, height, timings, reexecution, ...allowed } = details;
  const line = runLine(run, nameOf);
  const hasVerdict = line.matches !== null || reexecution !== undefined;
  return {
    ...line,
    ...allowed,
    log,
    limits,
    proofs: proofs ?? null,
    height: height ?? null,
    timings: timings ?? null,
    output,
    receipt,
    settlement,
    reexecution: hasVerdict
      ? { by: line.reexecutedBy, matches: line.matches, detail: reexecution ?? '' }
      : null,
    canRerun,
    ...(rerunNote === undefined ? {} : { rerunNote }),
  };
}
