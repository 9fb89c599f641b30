import { setImmediate as nextTurn } from 'node:timers/promises';
import { equalBytes, utf8 } from '@hypermesh/core';
import type { Ed25519Signer } from '@hypermesh/core/ed25519';
import { createMerkleTree, leafHash, type MerkleTree } from '@hypermesh/core/merkle';
import { type LogProblem, TrustchainError } from '../errors.ts';
import { type Checkpoint, openCheckpoint, signCheckpoint } from './checkpoint.ts';
import { encodeRecordBytes, type Journal, RECORD, recordAt } from './journal.ts';
import { NOTE_MAX_BYTES } from './note.ts';

/** A checkpoint's signature costs as much as some hundred entries; a turn of the event loop takes a few milliseconds. */
const CHECKPOINT_WORK = 128;
const TURN_WORK = 1024;

/** Which log a journal is of, and who signs for it. */
export interface LogIdentity {
  readonly origin: string;
  readonly verifierKey: string;
  readonly signer: Ed25519Signer;
}

/** A log as its journal tells it: every acknowledged entry, and nothing else. */
export interface LogState {
  readonly tree: MerkleTree;
  /** Where each entry's bytes begin, and how many they are. */
  readonly places: EntryPlace[];
  readonly checkpoint: string;
}

/** Where the bytes of an entry lie in the journal. */
interface EntryPlace {
  readonly position: number;
  readonly length: number;
}

/** The error of a journal that must not be written to. */
export function corrupt(problem: LogProblem, size: number): TrustchainError {
  return new TrustchainError(
    { code: 'trustchain/log-corrupt', problem, size },
    `the log's files are ${problem} at entry ${size}`,
  );
}

/**
 * Reads a journal from its start, checks every checkpoint in it against the entries before it, and cuts off what a
 * crash left behind the last one: entries that nobody was told of. A fresh journal gets its identity and an empty tree.
 * What was published must still be there. Nothing is changed where the journal is refused.
 */
export async function replay(
  journal: Journal,
  identity: LogIdentity,
  published: Checkpoint | undefined,
): Promise<LogState> {
  const tree = createMerkleTree();
  const places: EntryPlace[] = [];
  let pending: { hash: Uint8Array; place: EntryPlace }[] = [];
  let checkpoint: string | undefined;
  let isOurs = false;
  let settled = 0;
  let work = 0;
  for await (const { kind, data, start, dataStart, end } of journal.records()) {
    work += kind === RECORD.checkpoint ? CHECKPOINT_WORK : 1;
    if (work >= TURN_WORK) {
      await nextTurn();
      work = 0;
    }
    if (kind === RECORD.identity) {
      if (start !== 0 || !equalBytes(data, utf8(identity.verifierKey))) throw corrupt('foreign', 0);
      isOurs = true;
    } else if (!isOurs) {
      throw corrupt('foreign', 0);
    } else if (kind === RECORD.entry) {
      pending.push({ hash: leafHash(data), place: { position: dataStart, length: data.length } });
    } else {
      for (const { hash, place } of pending) {
        tree.append(hash);
        places.push(place);
      }
      pending = [];
      checkpoint = acknowledged(data, tree, identity);
      settled = end;
    }
  }
  const rest = await journal.rest(settled);
  const isDamaged = checkpoint === undefined ? !isTornStart(rest, identity) : holdsMore(rest, identity);
  if (isDamaged) throw corrupt('damaged', tree.size);
  if (published !== undefined) {
    if (published.size > tree.size) throw corrupt('rolled-back', tree.size);
    if (!equalBytes(published.root, tree.root(published.size))) throw corrupt('rewritten', published.size);
  }
  if (checkpoint === undefined) {
    await journal.truncate(0);
    checkpoint = signCheckpoint({ origin: identity.origin, size: 0, root: tree.root() }, identity.signer);
    const first = [
      encodeRecordBytes(RECORD.identity, utf8(identity.verifierKey)),
      encodeRecordBytes(RECORD.checkpoint, utf8(checkpoint)),
    ];
    await journal.append(Buffer.concat(first));
  } else if (rest.length > 0) {
    await journal.truncate(settled);
  }
  return { tree, places, checkpoint };
}

function acknowledged(data: Uint8Array, tree: MerkleTree, identity: LogIdentity): string {
  const opened = openCheckpoint(data, identity.verifierKey);
  if (!opened.ok) throw corrupt('foreign', tree.size);
  const { size, root } = opened.checkpoint;
  if (size !== tree.size || !equalBytes(root, tree.root())) throw corrupt('rewritten', tree.size);
  return Buffer.from(data).toString();
}

/** Whether a file without a checkpoint is what a crash at its making leaves: a prefix of the identity record, or nothing. */
function isTornStart(rest: Buffer, identity: LogIdentity): boolean {
  const record = encodeRecordBytes(RECORD.identity, utf8(identity.verifierKey));
  const length = Math.min(rest.length, record.length);
  return (
    rest.length < record.length + NOTE_MAX_BYTES &&
    rest.subarray(0, length).equals(record.subarray(0, length))
  );
}

/**
 * Whether behind bytes that do not read there is more than one unfinished batch: a checkpoint that other records
 * follow was acknowledged, so what precedes it was damaged later and must not be cut off.
 */
function holdsMore(rest: Buffer, identity: LogIdentity): boolean {
  const start = utf8(`${identity.origin}\n`);
  for (let at = rest.indexOf(start); at >= 0; at = rest.indexOf(start, at + 1)) {
    const record = at < 9 ? undefined : recordAt(rest, at - 9, at - 9);
    if (record === undefined || record === 'more' || record.kind !== RECORD.checkpoint) continue;
    if (record.end < rest.length && openCheckpoint(record.data, identity.verifierKey).ok) return true;
  }
  return false;
}
