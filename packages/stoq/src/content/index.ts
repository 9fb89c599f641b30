export { type Chunker, createChunker } from './chunker.ts';
export { type DiskStore, openDiskStore } from './disk-store.ts';
export { type FetchOptions, type FetchReason, type FetchResult, fetchContent } from './fetch.ts';
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
export { type ServeContentOptions, serveContent } from './serve.ts';
export { type ContentStore, createMemoryStore } from './store.ts';
