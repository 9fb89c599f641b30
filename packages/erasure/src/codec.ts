import { badArgument, badShards } from './errors.ts';
import type { BackendName, Plan } from './kernel/backend.ts';
import { chooseBackend } from './kernel/choose.ts';
import { cauchyRows } from './matrix.ts';
import { RecoveryCache } from './recovery.ts';
import { checkShards, demandShards, fault, overlapIn, type ShardFault } from './shards.ts';

/** Counts of a code: `dataShards` from 1, `parityShards` from 0, together at most 255. */
export interface CodecOptions {
  readonly dataShards: number;
  readonly parityShards: number;
  /** Default: the fastest that this engine runs. */
  readonly backend?: BackendName;
}

/** What reconstruction gave: all shards, those that were there as they were handed in. */
export type Reconstructed<Shard extends Uint8Array | undefined> =
  | { readonly ok: true; readonly shards: Shard[] }
  | ShardFault;

/**
 * A systematic Reed-Solomon code: the first `dataShards` shards are the data as it is, and any `dataShards` of all shards
 * give the rest. It finds what is absent, not what is wrong: know by a hash which shards to leave out. Calls are
 * synchronous, keep nothing of what they are handed, and change it only where they say so. Shards have one length,
 * from 1 byte to what the engine lets an array hold.
 */
export interface Codec {
  readonly dataShards: number;
  readonly parityShards: number;
  readonly backend: BackendName;
  /** The `parityShards` of exactly `dataShards` equally long shards. Throws `erasure/bad-shards` for others. */
  encode(data: readonly Uint8Array[]): Uint8Array[];
  /** `encode` into `parityShards` buffers of the caller, of which none is written where it throws. */
  encodeInto(data: readonly Uint8Array[], parity: readonly Uint8Array[]): void;
  /** The absent ones of all `dataShards + parityShards` shards, from the first `dataShards` that are there. */
  reconstruct(shards: readonly (Uint8Array | undefined)[]): Reconstructed<Uint8Array>;
  /** Like `reconstruct` for the absent shards in `only`; others that are absent stay so, and cost nothing. */
  reconstruct(
    shards: readonly (Uint8Array | undefined)[],
    options: { readonly only: readonly number[] },
  ): Reconstructed<Uint8Array | undefined>;
  /** Whether the parity among all shards is that of the data; `index` is the first parity shard that differs. */
  verify(
    shards: readonly Uint8Array[],
  ):
    | { readonly ok: true }
    | ShardFault
    | { readonly ok: false; readonly reason: 'parity-differs'; readonly index: number };
}

/** Most shards of a code. */
export const MOST_SHARDS = 255;

/** Makes a codec; throws `erasure/bad-argument` for counts out of range. Cheap: tables of 32 bytes a coefficient. */
export function createCodec(options: CodecOptions): Codec {
  const { dataShards, parityShards } = options;
  if (!Number.isInteger(dataShards) || dataShards < 1) throw badArgument('dataShards', 'an integer from 1');
  if (!Number.isInteger(parityShards) || parityShards < 0)
    throw badArgument('parityShards', 'an integer from 0');
  if (dataShards + parityShards > MOST_SHARDS)
    throw badArgument('dataShards + parityShards', `at most ${MOST_SHARDS}`);
  const backend = chooseBackend(options.backend);
  const rows = cauchyRows(dataShards, parityShards);
  const recoveries = new RecoveryCache(rows, dataShards, backend);
  const total = dataShards + parityShards;
  let encoding: Plan | undefined;

  const compute = (data: readonly Uint8Array[], parity: readonly Uint8Array[]): void => {
    encoding ??= backend.plan(rows, dataShards);
    if (parity.length > 0) backend.run(encoding, data, parity);
  };

  const buffers = (count: number, length: number) =>
    Array.from({ length: count }, () => new Uint8Array(length));

  function reconstruct(
    shards: readonly (Uint8Array | undefined)[],
    { only }: { readonly only?: readonly number[] } = {},
    // biome-ignore lint/suspicious/noExplicitAny: the two signatures of the interface say what comes out
  ): any {
    const checked = checkShards(shards, total, { areSparse: true });
    if (!checked.ok) return checked;
    const strange = only?.findIndex((index) => !Number.isInteger(index) || index < 0 || index >= total) ?? -1;
    if (strange !== -1) return fault('bad-index', strange);
    const present: number[] = [];
    const absent: number[] = [];
    for (let index = 0; index < total; index++) (shards[index] === undefined ? absent : present).push(index);
    const isWanted = only === undefined ? undefined : new Set(only);
    const wanted = isWanted === undefined ? absent : absent.filter((index) => isWanted.has(index));
    if (wanted.length === 0 && present.length > 0) return { ok: true, shards: [...shards] };
    if (present.length < dataShards) return fault('too-few-shards');

    const { chosen, plan } = recoveries.of(present.slice(0, dataShards), wanted);
    const outputs = buffers(wanted.length, checked.length);
    backend.run(
      plan,
      chosen.map((index) => shards[index] as Uint8Array),
      outputs,
    );
    const all = [...shards];
    wanted.forEach((index, at) => {
      all[index] = outputs[at];
    });
    return { ok: true, shards: all };
  }

  return {
    dataShards,
    parityShards,
    backend: backend.name,
    encode(data) {
      const parity = buffers(parityShards, demandShards('data', data, dataShards));
      compute(data, parity);
      return parity;
    },
    encodeInto(data, parity) {
      const length = demandShards('data', data, dataShards);
      demandShards('parity', parity, parityShards, length);
      const overlap = overlapIn(parity, data);
      if (overlap !== undefined) throw badShards('parity', fault('overlapping', overlap));
      compute(data, parity);
    },
    reconstruct,
    verify(shards) {
      const checked = checkShards(shards, total);
      if (!checked.ok) return checked;
      const parity = buffers(parityShards, checked.length);
      compute(shards.slice(0, dataShards), parity);
      const index = parity.findIndex((bytes, at) => !areEqual(bytes, shards[dataShards + at] as Uint8Array));
      return index === -1 ? { ok: true } : { ok: false, reason: 'parity-differs', index: dataShards + index };
    },
  };
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
