import { equalBytes, type Verdict } from '@hypermesh/core';
import { type Checkpoint, type CheckpointReason, openCheckpoint } from './checkpoint.ts';
import { type LogProofReason, verifyGrowth } from './proof.ts';

/** Two checkpoints that one log signed for the same size with different roots: it shows anyone that the log lied. */
export interface SplitViewEvidence {
  readonly verifierKey: string;
  readonly first: string;
  readonly second: string;
}

/** What is held against two checkpoints of one log. */
export type CheckpointComparison =
  | { readonly verdict: 'consistent' }
  /** The log signed two trees. */
  | { readonly verdict: 'split'; readonly evidence: SplitViewEvidence }
  /** The sizes differ and nothing shows that the larger tree continues the smaller: an honest log can show it. */
  | { readonly verdict: 'unproven'; readonly reason: LogProofReason | 'no-proof' }
  | { readonly verdict: 'invalid'; readonly which: 'first' | 'second'; readonly reason: CheckpointReason };

/** Two clients' signed checkpoints of one log, and the consistency proof from the smaller to the larger. */
export interface CheckpointPair {
  readonly verifierKey: string;
  readonly first: string;
  readonly second: string;
  readonly proof?: readonly Uint8Array[] | undefined;
}

/** Compares what two clients were shown, without the log. */
export function compareCheckpoints({
  verifierKey,
  first,
  second,
  proof,
}: CheckpointPair): CheckpointComparison {
  const one = openCheckpoint(first, verifierKey);
  if (!one.ok) return { verdict: 'invalid', which: 'first', reason: one.reason };
  const other = openCheckpoint(second, verifierKey);
  if (!other.ok) return { verdict: 'invalid', which: 'second', reason: other.reason };
  const [smaller, larger] = [one.checkpoint, other.checkpoint].sort((a, b) => a.size - b.size) as [
    Checkpoint,
    Checkpoint,
  ];
  if (smaller.size === larger.size) {
    if (equalBytes(smaller.root, larger.root)) return { verdict: 'consistent' };
    return { verdict: 'split', evidence: { verifierKey, first, second } };
  }
  if (proof === undefined) return { verdict: 'unproven', reason: 'no-proof' };
  const grown = verifyGrowth(smaller, larger, proof);
  return grown.ok ? { verdict: 'consistent' } : { verdict: 'unproven', reason: grown.reason };
}

/** Whether evidence shows what it claims, to someone who trusts none of the clients. */
export function verifySplitView(evidence: SplitViewEvidence): Verdict<{ size: number }, 'no-split'> {
  if (typeof evidence !== 'object' || evidence === null) return { ok: false, reason: 'no-split' };
  const compared = compareCheckpoints(evidence);
  const opened = openCheckpoint(evidence.first, evidence.verifierKey);
  return compared.verdict === 'split' && opened.ok
    ? { ok: true, size: opened.checkpoint.size }
    : { ok: false, reason: 'no-split' };
}

/** Where a client asks a log to show that it only grew; an honest log answers for every two sizes it signed. */
export interface ConsistencySource {
  consistencyProof(size1: number, size2: number, signal?: AbortSignal): Promise<readonly Uint8Array[]>;
}

/**
 * One client's view of a log: the latest checkpoint that it accepted. It moves only forward, over proofs, and holds
 * what others were shown against it.
 */
export interface LogView {
  /** The latest accepted checkpoint; hand it to others. */
  readonly checkpoint: string | undefined;
  /** Takes a checkpoint that the log or another client shows; adopted where it is consistent and larger. */
  observe(note: string, signal?: AbortSignal): Promise<CheckpointComparison>;
}

/** Makes a view, empty or from a checkpoint accepted earlier. `observe` rejects only as the source does. */
export function createLogView(
  { verifierKey, checkpoint }: { readonly verifierKey: string; readonly checkpoint?: string | undefined },
  source: ConsistencySource,
): LogView {
  let held = checkpoint;
  const sizeOf = (note: string) => {
    const opened = openCheckpoint(note, verifierKey);
    return opened.ok ? opened.checkpoint.size : undefined;
  };
  const observeOne = async (note: string, signal?: AbortSignal): Promise<CheckpointComparison> => {
    const pair = { verifierKey, first: held ?? note, second: note };
    const [before, after] = [sizeOf(pair.first), sizeOf(note)];
    if (before === undefined || after === undefined || before === after) {
      const compared = compareCheckpoints(pair);
      if (compared.verdict === 'consistent') held ??= note;
      return compared;
    }
    const [smaller, larger] = before < after ? [before, after] : [after, before];
    const proof = smaller === 0 ? [] : await source.consistencyProof(smaller, larger, signal);
    const compared = compareCheckpoints({ ...pair, proof });
    if (compared.verdict === 'consistent' && after > before) held = note;
    return compared;
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    get checkpoint() {
      return held;
    },
    observe(note, signal) {
      const done = last.then(() => observeOne(note, signal));
      last = done.catch(() => undefined);
      return done;
    },
  };
}
