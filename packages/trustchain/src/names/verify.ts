import { equalBytes, type Verdict } from '@hypermesh/core';
import { verify } from '@hypermesh/core/ed25519';
import { decodeName, type NameFormatReason, type NameRecord, nameMessage } from './record.ts';

/** Why a name record is not believed. */
export type NameReason =
  | NameFormatReason
  /** It belongs to another mesh, or to another name than the one that was asked for. */
  | 'other-mesh'
  | 'other-name'
  | 'not-owner'
  | 'bad-signature'
  | 'not-yet-valid'
  | 'expired'
  /** A record of a greater sequence was seen before. */
  | 'rolled-back'
  /** Another record of the same sequence was seen before: its owner signed two. */
  | 'forked';

/** Whom to believe about the names of one mesh. */
export interface NameTrust {
  /** Fingerprint of the mesh's root certificate. */
  readonly mesh: string;
  /** Whether an Ed25519 key (32 bytes) may sign this name. */
  isOwner(name: string, key: Uint8Array): boolean;
}

/** What is remembered of a name: the greatest sequence that was believed, and the bytes that were signed with it. */
export interface SeenName {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/**
 * Checks a signed name without a network: form, mesh, name, owner, signature, time, and that nothing newer was `seen`. The
 * very same record again holds. Never throws; at most one signature is checked.
 */
export function verifyName(
  signed: Uint8Array,
  trust: NameTrust,
  asked: { readonly name: string; readonly nowMs: number; readonly seen?: SeenName | undefined },
): Verdict<{ record: NameRecord; seen: SeenName }, NameReason> {
  const decoded = decodeName(signed);
  if (!decoded.ok) return decoded;
  const { record, bytes, signature } = decoded;
  const { name, nowMs, seen } = asked;
  if (record.mesh !== trust.mesh) return { ok: false, reason: 'other-mesh' };
  if (record.name !== name) return { ok: false, reason: 'other-name' };
  if (!trust.isOwner(name, record.owner)) return { ok: false, reason: 'not-owner' };
  if (!verify(signature, nameMessage(bytes), record.owner)) return { ok: false, reason: 'bad-signature' };
  if (seen !== undefined && record.sequence < seen.sequence) return { ok: false, reason: 'rolled-back' };
  if (seen !== undefined && record.sequence === seen.sequence && !equalBytes(bytes, seen.bytes)) {
    return { ok: false, reason: 'forked' };
  }
  // Written so that a time that is no number refuses.
  if (!(nowMs >= record.notBeforeMs)) return { ok: false, reason: 'not-yet-valid' };
  if (!(nowMs < record.notAfterMs)) return { ok: false, reason: 'expired' };
  return { ok: true, record, seen: { sequence: record.sequence, bytes } };
}

/** What one client has seen of a mesh's names. It only moves forward: what was newer once is never older again. */
export interface NameView {
  /** Checks a record and remembers it where it holds. */
  observe(
    signed: Uint8Array,
    asked: { readonly name: string; readonly nowMs: number },
  ): Verdict<{ record: NameRecord }, NameReason>;
  /** Everything that is remembered, to be kept and handed in again. */
  seen(): ReadonlyMap<string, SeenName>;
}

/** Makes a view, empty or from what was seen earlier. It holds one entry for each name whose owner signed it. */
export function createNameView(
  trust: NameTrust,
  earlier: Iterable<readonly [string, SeenName]> = [],
): NameView {
  const known = new Map(earlier);
  return {
    observe(signed, { name, nowMs }) {
      const verdict = verifyName(signed, trust, { name, nowMs, seen: known.get(name) });
      if (!verdict.ok) return verdict;
      known.set(name, verdict.seen);
      return { ok: true, record: verdict.record };
    },
    seen: () => known,
  };
}
