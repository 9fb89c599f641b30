import type { Verdict } from '@hypermesh/core';
import type { Codec } from './codec.ts';
import { badArgument } from './errors.ts';
import { fault, type ShardFault, type ShardReason } from './shards.ts';

/** Pieces that share parity: their places in the list that was laid out, and what is kept beside them. */
export interface StripeLayout {
  /** 1 to `dataShards` places. */
  readonly pieces: readonly number[];
  /** Parity shards of this stripe: fewer than the code's where the stripe is not full. */
  readonly parity: number;
  /** Bytes of each parity shard: those of the longest piece. */
  readonly length: number;
}

/** Parity that even the shortest stripe has, as far as the code goes. */
const LEAST_PARITY = 2;

/**
 * Puts pieces of these lengths (bytes, from 1) into stripes of a code. Pieces of like length come together, so that
 * padding costs little. The same lengths give the same layout on every machine.
 */
export function layoutStripes(
  lengths: readonly number[],
  { dataShards, parityShards }: Pick<Codec, 'dataShards' | 'parityShards'>,
): StripeLayout[] {
  const strange = lengths.findIndex((length) => !Number.isSafeInteger(length) || length < 1);
  if (strange !== -1) throw badArgument(`lengths[${strange}]`, 'an integer from 1');
  const order = lengths.map((_, index) => index);
  order.sort((a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b);
  const stripes: StripeLayout[] = [];
  for (let from = 0; from < order.length; from += dataShards) {
    const pieces = order.slice(from, from + dataShards);
    const share = Math.ceil((pieces.length * parityShards) / dataShards);
    stripes.push({
      pieces,
      parity: Math.min(parityShards, Math.max(share, LEAST_PARITY)),
      length: lengths[pieces[0] as number] as number,
    });
  }
  return stripes;
}

/**
 * Parity of 1 to `dataShards` pieces of unequal lengths from 1 byte: the first `parity` shards of the code (default all)
 * over the pieces padded with zeros to the longest. Absent pieces count as zeros.
 */
export function encodeStripe(
  codec: Codec,
  pieces: readonly Uint8Array[],
  parity: number = codec.parityShards,
): { readonly ok: true; readonly parity: Uint8Array[] } | ShardFault {
  const checked = checkPieces(codec, pieces, parity);
  if (!checked.ok) return checked;
  const { length } = checked;
  const encoded = codec.encode(padded(codec, pieces, length) as Uint8Array[]);
  return { ok: true, parity: encoded.slice(0, parity) };
}

/**
 * The absent pieces of a stripe, and its absent parity. `lengths` are those of all pieces; `parity` has as many places as
 * `encodeStripe` gave shards. The caller knows by hashes which are good.
 */
export function restoreStripe(
  codec: Codec,
  stripe: {
    readonly lengths: readonly number[];
    readonly pieces: readonly (Uint8Array | undefined)[];
    readonly parity: readonly (Uint8Array | undefined)[];
  },
): { readonly ok: true; readonly pieces: Uint8Array[]; readonly parity: Uint8Array[] } | ShardFault {
  const { lengths, pieces, parity } = stripe;
  const checked = checkPieces(codec, pieces, parity.length);
  if (!checked.ok) return checked;
  if (lengths.length !== pieces.length) return fault('wrong-count');
  const strange = lengths.findIndex((length) => !Number.isSafeInteger(length) || length < 1);
  if (strange !== -1) return fault('empty-shard', strange);
  const differs = pieces.findIndex((piece, at) => piece !== undefined && piece.length !== lengths[at]);
  if (differs !== -1) return fault('unequal-lengths', differs);
  const length = Math.max(...lengths);
  const kept = new Array<undefined>(codec.parityShards - parity.length).fill(undefined);
  const wanted = [...pieces.keys(), ...Array.from(parity, (_, at) => codec.dataShards + at)];
  const restored = codec.reconstruct([...padded(codec, pieces, length), ...parity, ...kept], {
    only: wanted,
  });
  if (!restored.ok) return restored;
  const shards = restored.shards as Uint8Array[];
  return {
    ok: true,
    pieces: pieces.map((piece, at) => piece ?? (shards[at] as Uint8Array).subarray(0, lengths[at] as number)),
    parity: parity.map((_, at) => shards[codec.dataShards + at] as Uint8Array),
  };
}

function checkPieces(
  codec: Codec,
  pieces: readonly (Uint8Array | undefined)[],
  parity: number,
): Verdict<{ length: number }, ShardReason> & { readonly index?: number } {
  const isCount = Array.isArray(pieces) && pieces.length >= 1 && pieces.length <= codec.dataShards;
  if (!isCount || !Number.isInteger(parity) || parity < 0 || parity > codec.parityShards)
    return fault('wrong-count');
  let length = 0;
  for (const [index, piece] of pieces.entries()) {
    if (piece === undefined) continue;
    if (!(piece instanceof Uint8Array)) return fault('not-bytes', index);
    if (piece.length === 0) return fault('empty-shard', index);
    length = Math.max(length, piece.length);
  }
  return { ok: true, length };
}

/** The pieces as shards of the code: padded to `length`, zeros where the stripe has no piece. */
function padded(
  codec: Codec,
  pieces: readonly (Uint8Array | undefined)[],
  length: number,
): (Uint8Array | undefined)[] {
  const zeros = new Uint8Array(pieces.length < codec.dataShards ? length : 0);
  return Array.from({ length: codec.dataShards }, (_, at) => {
    if (at >= pieces.length) return zeros;
    const piece = pieces[at];
    if (piece === undefined || piece.length === length) return piece;
    const shard = new Uint8Array(length);
    shard.set(piece);
    return shard;
  });
}
