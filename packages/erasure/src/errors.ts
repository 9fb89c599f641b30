import { HyperMeshError } from '@hypermesh/core';

import type { ShardFault, ShardReason } from './shards.ts';

/** All ways in which this package is misused; shards that came from elsewhere never throw. */
export type ErasureFailure =
  | { readonly code: 'erasure/bad-argument'; readonly argument: string; readonly expected: string }
  /** What is to be encoded cannot be; `index` names the first shard at fault. */
  | {
      readonly code: 'erasure/bad-shards';
      readonly argument: string;
      readonly reason: ShardReason;
      readonly index?: number;
    }
  /** A back end was asked for by name that this engine cannot run. */
  | { readonly code: 'erasure/no-backend'; readonly backend: string };

/** Thrown for wrong options, and for shards that cannot be encoded. */
export class ErasureError extends HyperMeshError<ErasureFailure> {}

/** An error about one argument. */
export function badArgument(argument: string, expected: string): ErasureError {
  return new ErasureError(
    { code: 'erasure/bad-argument', argument, expected },
    `${argument} must be ${expected}`,
  );
}

/** An error about shards that are to be encoded. */
export function badShards(argument: string, { reason, index }: ShardFault): ErasureError {
  const place = index === undefined ? argument : `${argument}[${index}]`;
  return new ErasureError(
    { code: 'erasure/bad-shards', argument, reason, ...(index === undefined ? {} : { index }) },
    `${place}: ${reason}`,
  );
}
