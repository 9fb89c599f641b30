import type { CID } from 'multiformats/cid';

/** A link to content, tag 42 on the wire: the `CID` of `multiformats`. */
export type Link = CID;

/**
 * What has a canonical form: the IPLD data model without floats. Integers lie in -2^63 … 2^64-1; decoding gives a
 * `number` where it is safe, else a `bigint`.
 */
export type CanonicalValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Link
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

/** Bounds of one decoding. Each is checked before anything of that size is allocated. */
export interface DecodeLimits {
  /** Most bytes of input; 4 MiB unless given. */
  readonly maxBytes?: number;
  /** Most nested arrays and maps; 64 unless given, never above 256. */
  readonly maxDepth?: number;
  /** Most data items in all: scalars, keys, arrays and maps count one each; 262,144 unless given. */
  readonly maxItems?: number;
}

/** Why bytes are no canonical value (first group) or no record of the schema (second group). */
export type DecodeReason =
  | 'not-bytes'
  | 'too-large'
  | 'too-deep'
  | 'too-many-items'
  | 'truncated'
  | 'trailing-bytes'
  | 'non-shortest'
  | 'integer-range'
  | 'indefinite-length'
  | 'reserved'
  | 'float'
  | 'simple-value'
  | 'tag'
  | 'cid'
  | 'utf8'
  | 'key-type'
  | 'key-order'
  | 'duplicate-key'
  | 'wrong-kind'
  | 'out-of-range'
  | 'wrong-length'
  | 'wrong-literal'
  | 'unknown-key'
  | 'missing-key'
  | 'no-variant';

export const MAX_DEPTH = 256;
export const MIN_INTEGER: bigint = -(2n ** 63n);
export const MAX_INTEGER: bigint = 2n ** 64n - 1n;
