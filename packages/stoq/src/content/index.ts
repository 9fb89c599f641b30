export { type Bans, createBans } from './bans.ts';
export { type Chunker, createChunker } from './chunker.ts';
export {
  type Collected,
  type DiskStore,
  type DiskStoreOptions,
  openDiskStore,
  type StoreUsage,
} from './disk-store.ts';
export {
  type FetchCounts,
  type FetchOptions,
  type FetchResult,
  fetchContent,
  type Providers,
} from './fetch.ts';
export { CONTENT_STREAM, type NoReason } from './frames.ts';
export {
  chunkIdOf,
  decodeManifest,
  encodeManifest,
  type Leaf,
  MAX_LEAVES,
  MAX_MANIFEST_BYTES,
  type Manifest,
  type ManifestReason,
  rootOf,
} from './manifest.ts';
export { type ChunkerName, type ChunkProfile, type ContentProfile, PROFILES } from './profiles.ts';
export { type ContentSource, cutInto, type Published, publish } from './publish.ts';
export { loadManifest, readContent, verifyContent } from './read.ts';
export { type Damage, type ScrubOptions, type ScrubReport, scrub } from './scrub.ts';
export { type ServeContentOptions, type Served, serveContent } from './serve.ts';
export { type ContentStore, createMemoryStore } from './store.ts';
export type { FetchReason } from './swarm/fault.ts';
export type { ByteRange } from './swarm/plan.ts';
export type { FetchProgress, ProviderFault } from './swarm/swarm.ts';
