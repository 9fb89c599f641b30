import type { CanonicalValue } from '@hypermesh/core';

/** A number that a bare export takes or gives: i32, f32 and f64 as number, i64 as bigint. */
export type Scalar = number | bigint;

/** What a worker is asked to do: a call by the guest ABI, or of a bare numeric export. */
export interface Job {
  readonly fuel: bigint;
  readonly maxOutputBytes: number;
  /** The job owns `input`: it is moved to the worker. */
  readonly call:
    | { readonly kind: 'abi'; readonly op: string; readonly input: Uint8Array }
    | { readonly kind: 'export'; readonly entry: string; readonly args: readonly Scalar[] };
}

/** Why a run gave no result, apart from deadlines and refusals, which the worker does not see. */
export type GuestFailure = 'out-of-fuel' | 'memory' | 'trap' | 'denied';

/** How a run in a worker ended. `fuelUsed` of a trap may leave out what a loop spent since its last call. */
export type Outcome =
  | {
      readonly ok: true;
      readonly output: Uint8Array;
      readonly results: readonly Scalar[];
      /** CIDs of what went in and what came out. */
      readonly cids: { readonly input: string; readonly output: string };
      readonly fuelUsed: bigint;
      readonly memoryPages: number;
      readonly log: readonly string[];
    }
  | {
      readonly ok: false;
      readonly reason: GuestFailure;
      readonly detail: string;
      readonly fuelUsed: bigint;
      readonly log: readonly string[];
    };

/** Scalars as a canonical value: floats as the eight bytes of a double, with one NaN. */
export function scalarsToCanonical(scalars: readonly Scalar[]): CanonicalValue {
  return scalars.map((each) => {
    if (typeof each === 'bigint' || (Number.isSafeInteger(each) && !Object.is(each, -0))) return each;
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, Number.isNaN(each) ? Number.NaN : each);
    return bytes;
  });
}
