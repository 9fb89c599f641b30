export { type Codec, type CodecOptions, createCodec, MOST_SHARDS, type Reconstructed } from './codec.ts';
export { ErasureError, type ErasureFailure } from './errors.ts';
export type { BackendName } from './kernel/backend.ts';
export { availableBackends } from './kernel/choose.ts';
export type { ShardFault, ShardReason } from './shards.ts';
export { encodeStream, type StreamOptions, type StreamStripe } from './stream.ts';
export { encodeStripe, layoutStripes, restoreStripe, type StripeLayout } from './stripe.ts';
