import type { Verdict } from '@hypermesh/core';
import type { Ed25519Signer } from '@hypermesh/core/ed25519';
import { badArgument } from '../errors.ts';
import { requireBytes } from '../suite/input.ts';
import {
  demandName,
  type NoteReason,
  openNote,
  parseVerifierKey,
  readBase64,
  signNote,
  toBase64,
  type VerifierKey,
} from './note.ts';

/** What a log commits to: how many entries, and the root of their tree. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** Why a text is no checkpoint of a log. */
export type CheckpointReason = NoteReason | 'bad-verifier-key' | 'wrong-origin';

/**
 * Signs a checkpoint as a note of C2SP (tlog-checkpoint); the key is named by the origin. Signs nothing that
 * `openCheckpoint` would not read: `trustchain/bad-argument`.
 */
export function signCheckpoint({ origin, size, root }: Checkpoint, signer: Ed25519Signer): string {
  demandName(origin);
  if (!Number.isSafeInteger(size) || size < 0) throw badArgument('size', 'a count');
  requireBytes('root', root, 32);
  return signNote(`${origin}\n${size}\n${toBase64(root)}\n`, origin, signer);
}

/**
 * Reads a checkpoint and checks that the holder of `verifierKey` (its text) signed it and that it is of the log that the
 * key names. Extension lines are allowed and ignored.
 */
export function openCheckpoint(
  note: string | Uint8Array,
  verifierKey: string | VerifierKey,
): Verdict<{ checkpoint: Checkpoint }, CheckpointReason> {
  const parsed = typeof verifierKey === 'string' ? parseVerifierKey(verifierKey) : undefined;
  const key = parsed?.ok ? parsed.key : verifierKey;
  if (!key || typeof key === 'string') return { ok: false, reason: 'bad-verifier-key' };
  const opened = openNote(note, key);
  if (!opened.ok) return opened;
  const [origin, count, hash, ...rest] = opened.text.split('\n');
  const root = readBase64(hash ?? '');
  const size = /^(?:0|[1-9]\d{0,15})$/.test(count ?? '') ? Number(count) : Number.NaN;
  // The last piece is what follows the final newline: nothing. Extension lines before it are never empty.
  if (!Number.isSafeInteger(size) || root?.length !== 32 || rest.pop() !== '' || rest.includes('')) {
    return { ok: false, reason: 'malformed' };
  }
  if (origin !== key.name) return { ok: false, reason: 'wrong-origin' };
  return { ok: true, checkpoint: { origin, size, root } };
}
