import { equalBytes, isBytes, type Verdict } from '@hypermesh/core';
import {
  emptyRoot,
  leafHash,
  type MerkleReason,
  verifyConsistency,
  verifyInclusion,
} from '@hypermesh/core/merkle';
import { type Checkpoint, type CheckpointReason, openCheckpoint } from './checkpoint.ts';

/** Everything that shows an entry to be in a log, apart from the entry and the log's key. */
export interface LogProof {
  /** The signed note of the tree that the proof leads to. */
  readonly checkpoint: string;
  readonly leafIndex: number;
  /** Sibling hashes from the leaf up, 32 bytes each. */
  readonly hashes: readonly Uint8Array[];
}

/** Why an entry is not shown to be in a log, or one tree not to continue another. */
export type LogProofReason =
  | CheckpointReason
  | 'proof-malformed'
  | 'proof-out-of-range'
  | 'proof-length'
  | 'proof-root-mismatch';

/** Checks, without the log, that `entry` is in the log that `verifierKey` names. */
export function verifyLogProof(
  entry: Uint8Array,
  proof: LogProof,
  verifierKey: string,
): Verdict<{ checkpoint: Checkpoint }, LogProofReason> {
  const opened = openCheckpoint(proof?.checkpoint, verifierKey);
  if (!opened.ok) return opened;
  if (!isBytes(entry)) return { ok: false, reason: 'proof-malformed' };
  const { size: treeSize, root } = opened.checkpoint;
  const { leafIndex, hashes } = proof;
  const verdict = verifyInclusion({ leafIndex, treeSize, leafHash: leafHash(entry), proof: hashes, root });
  return verdict.ok ? opened : { ok: false, reason: proofReason(verdict.reason) };
}

function proofReason(reason: MerkleReason): LogProofReason {
  return reason === 'proof-length' ? reason : `proof-${reason}`;
}

/** Checks, without the log, that the tree of `later` continues the tree of `earlier` and rewrote none of it. */
export function verifyGrowth(
  earlier: Checkpoint,
  later: Checkpoint,
  hashes: readonly Uint8Array[],
): Verdict<object, LogProofReason> {
  if (earlier.size === 0) {
    // Anything continues the empty tree, and nothing is needed to show it (RFC 6962 defines no such proof).
    if (hashes.length > 0) return { ok: false, reason: 'proof-length' };
    return equalBytes(earlier.root, emptyRoot())
      ? { ok: true }
      : { ok: false, reason: 'proof-root-mismatch' };
  }
  const verdict = verifyConsistency({
    size1: earlier.size,
    size2: later.size,
    root1: earlier.root,
    root2: later.root,
    proof: hashes,
  });
  return verdict.ok ? { ok: true } : { ok: false, reason: proofReason(verdict.reason) };
}
