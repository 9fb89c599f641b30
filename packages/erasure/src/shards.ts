import type { Verdict } from '@hypermesh/core';
import { badShards } from './errors.ts';

/** Why a list of shards cannot be worked on; `index` names the first one at fault. */
export type ShardReason =
  /** Not an array, or not of as many places as the code has shards. */
  | 'wrong-count'
  | 'not-bytes'
  | 'empty-shard'
  | 'unequal-lengths'
  | 'too-few-shards'
  /** A wanted index is no shard of this code. */
  | 'bad-index'
  /** Parity that is to be written shares memory with what it is computed from, or with other parity. */
  | 'overlapping';

/** A fault of a list of shards, with the place of the first one at fault where it is about one. */
export interface ShardFault {
  readonly ok: false;
  readonly reason: ShardReason;
  readonly index?: number;
}

/** A fault as a verdict. */
export function fault(reason: ShardReason, index?: number): ShardFault {
  return index === undefined ? { ok: false, reason } : { ok: false, reason, index };
}

/**
 * Checks that `shards` is an array of `count` places, and that those that are there are bytes of one length above 0.
 * Only with `areSparse` may places be undefined. `length` is 0 where none is there.
 */
export function checkShards(
  shards: unknown,
  count: number,
  { areSparse, length: wanted }: { readonly areSparse?: boolean; readonly length?: number } = {},
): Verdict<{ length: number }, ShardReason> & { readonly index?: number } {
  if (!Array.isArray(shards) || shards.length !== count) return fault('wrong-count');
  let length = wanted ?? 0;
  for (let index = 0; index < count; index++) {
    const shard: unknown = shards[index];
    if (shard === undefined && areSparse === true) continue;
    if (!(shard instanceof Uint8Array)) return fault('not-bytes', index);
    if (shard.length === 0) return fault('empty-shard', index);
    if (length === 0) length = shard.length;
    if (shard.length !== length) return fault('unequal-lengths', index);
  }
  return { ok: true, length };
}

/** The length of shards that are to be encoded; throws `erasure/bad-shards` where they cannot be. */
export function demandShards(argument: string, shards: unknown, count: number, length?: number): number {
  const checked = checkShards(shards, count, length === undefined ? {} : { length });
  if (checked.ok) return checked.length;
  throw badShards(argument, checked);
}

/** Index of the first of `written` that shares bytes with one of `read` or of `written` itself. */
export function overlapIn(written: readonly Uint8Array[], read: readonly Uint8Array[]): number | undefined {
  for (const [index, one] of written.entries()) {
    if (read.some((other) => areOverlapping(one, other))) return index;
    if (written.some((other, at) => at < index && areOverlapping(one, other))) return index;
  }
  return undefined;
}

function areOverlapping(a: Uint8Array, b: Uint8Array): boolean {
  if (a.buffer !== b.buffer) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}
