import type { Codec } from './codec.ts';
import { badArgument } from './errors.ts';

/** One stripe of a stream: `bytes` of it are content, the rest of the data shards is zeros. */
export interface StreamStripe {
  readonly index: number;
  readonly bytes: number;
  readonly data: readonly Uint8Array[];
  readonly parity: readonly Uint8Array[];
}

/** How a stream is cut. */
export interface StreamOptions {
  /** Bytes of each shard, the last stripe's too. */
  readonly shardBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * Cuts a stream of any length into stripes of `dataShards` times `shardBytes` and adds parity. Holds one stripe; the next
 * one is begun when it is asked for. A stripe's buffers belong to whoever takes it. An empty stream has no stripes.
 */
export async function* encodeStream(
  codec: Codec,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { shardBytes, signal }: StreamOptions,
): AsyncGenerator<StreamStripe, void, undefined> {
  if (!Number.isSafeInteger(shardBytes) || shardBytes < 1)
    throw badArgument('shardBytes', 'an integer from 1');
  const size = codec.dataShards * shardBytes;
  let stripe = new Uint8Array(size);
  let filled = 0;
  let index = 0;
  const finish = (): StreamStripe => {
    const full = stripe;
    const data = Array.from({ length: codec.dataShards }, (_, at) =>
      full.subarray(at * shardBytes, (at + 1) * shardBytes),
    );
    const done = { index, bytes: filled, data, parity: codec.encode(data) };
    stripe = new Uint8Array(size);
    filled = 0;
    index++;
    return done;
  };
  for await (const part of source) {
    signal?.throwIfAborted();
    for (let from = 0; from < part.length; ) {
      const taken = Math.min(part.length - from, size - filled);
      stripe.set(part.subarray(from, from + taken), filled);
      filled += taken;
      from += taken;
      if (filled === size) yield finish();
    }
  }
  if (filled > 0) yield finish();
}
