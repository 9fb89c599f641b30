import { domainHash, type Schema, s } from '@hypermesh/core';
import { MAX_K, MIN_K } from './plot-v1.ts';

/** A group of plots of one size: `count` plots with indices from 0, told from the owner's other groups by `id`. */
export interface PlotGroup {
  readonly id: number;
  readonly k: number;
  readonly count: number;
}

const plotGroupSchema = s.record({ id: s.uint(65_535), k: s.uint(MAX_K), count: s.uint(2 ** 20) });
const MAX_GROUPS = 16;
export const plotGroupsSchema: Schema<readonly PlotGroup[]> = s.array(plotGroupSchema, MAX_GROUPS);

/** A member's space commitment, as the ledger keeps it. */
export interface SpaceRecord {
  readonly v: 1;
  readonly actor: Uint8Array;
  readonly groups: readonly PlotGroup[];
}

export const spaceRecordSchema: Schema<SpaceRecord> = s.record({
  v: s.literal(1),
  actor: s.bytes({ length: 32 }),
  groups: plotGroupsSchema,
});

/** Bytes that a plot of size k counts for: (2k + 1) · 2^(k-1), the size that the original format aims at. */
export function plotBytes(k: number): bigint {
  return BigInt(2 * k + 1) * 2n ** BigInt(k - 1);
}

/** Bytes that groups of plots commit together. */
export function committedBytes(groups: readonly PlotGroup[]): bigint {
  return groups.reduce((sum, group) => sum + BigInt(group.count) * plotBytes(group.k), 0n);
}

/** Far above any member's disks and far below the 2^64 values of a draw, so that each plot's share is exact to 1 in 2^8. */
const MAX_COMMITTED_BYTES = 2n ** 56n;

/** Whether groups are well formed: some, ids ascending, sizes and counts in range, 2^56 bytes at most. */
export function areGroups(groups: readonly PlotGroup[]): boolean {
  return (
    groups.length > 0 &&
    groups.every((group, i) => {
      const before = groups[i - 1];
      return (before === undefined || before.id < group.id) && group.k >= MIN_K && group.count >= 1;
    }) &&
    committedBytes(groups) <= MAX_COMMITTED_BYTES
  );
}

/** Big-endian 64 bits of a safe integer, as it stands in preimages. */
export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** Id of a plot, bound to ledger and owner: the same bytes are worth nothing to another identity or on another ledger. */
export function plotIdOf(plot: {
  readonly chain: Uint8Array;
  readonly owner: Uint8Array;
  readonly group: number;
  readonly index: number;
}): Uint8Array {
  const { chain, owner, group, index } = plot;
  return domainHash('hypermesh/consensus/plot/v1', chain, owner, u64(group), u64(index));
}

/** What a batch of sub-challenges hangs on: an actor's n-th operation at one anchor, whatever its content. */
export interface BatchSeed {
  readonly chain: Uint8Array;
  readonly actor: Uint8Array;
  readonly sequence: number;
  readonly anchor: { readonly height: number; readonly hash: Uint8Array };
}

/** A sub-challenge: the plot it falls on and the 32 bytes it asks. */
export interface SubChallenge {
  readonly plotId: Uint8Array;
  readonly k: number;
  readonly challenge: Uint8Array;
}

/**
 * Sub-challenge `j` of a batch. Plots are drawn by their bytes. The operation's content stays out of the seed:
 * otherwise a prover that holds few of its plots would vary the content until the draw suits it.
 */
export function subChallenge(seed: BatchSeed, groups: readonly PlotGroup[], j: number): SubChallenge {
  const { chain, actor, sequence, anchor } = seed;
  const parts = [chain, actor, u64(sequence), u64(anchor.height), anchor.hash, Uint8Array.of(j)] as const;
  const drawn = domainHash('hypermesh/consensus/space-draw/v1', ...parts);
  let at = new DataView(drawn.buffer, drawn.byteOffset).getBigUint64(0) % committedBytes(groups);
  for (const { id, k, count } of groups) {
    const size = BigInt(count) * plotBytes(k);
    if (at < size) {
      const index = Number(at / plotBytes(k));
      const challenge = domainHash('hypermesh/consensus/space-challenge/v1', ...parts);
      return { plotId: plotIdOf({ chain, owner: actor, group: id, index }), k, challenge };
    }
    at -= size;
  }
  throw new RangeError('groups are empty');
}
