import {
  type ChunkId,
  type ContentRoot,
  cidOf,
  cidOfDigest,
  type DecodeReason,
  decodeRecord,
  encodeRecord,
  parseCid,
  s,
  type Verdict,
} from '@hypermesh/core';
import { StoqError } from '../errors.ts';
import { type ChunkerName, PROFILES, profileNamed } from './profiles.ts';

/** One chunk of content, in its place. */
export interface Leaf {
  readonly size: number;
  /** BLAKE3-256 of the chunk, 32 bytes. */
  readonly digest: Uint8Array;
}

/** What content consists of. */
export interface Manifest {
  readonly size: number;
  readonly chunker: ChunkerName;
  readonly leaves: readonly Leaf[];
}

/** Largest manifest, bytes; with it the largest content: 475 MB assured (about 1.9 GB usual) in the package profile, 7.6 GB (about 30 GB) in the stream profile. */
export const MAX_MANIFEST_BYTES = 4 * 2 ** 20;
/** Most chunks of one content. */
export const MAX_LEAVES = 116_000;
const LEAF_BYTES = 4 + 32;

const MANIFEST = s.record({
  v: s.literal(1),
  size: s.uint(),
  chunker: s.union(s.literal(PROFILES.package.name), s.literal(PROFILES.stream.name)),
  leaves: s.bytes({ max: MAX_LEAVES * LEAF_BYTES }),
});

/** Why bytes are no manifest. */
export type ManifestReason = DecodeReason | 'leaf-size' | 'total-size';

/** The manifest as canonical bytes, leaves as `u32 size` and digest one behind another, and its root. */
export function encodeManifest(manifest: Manifest): {
  readonly bytes: Uint8Array;
  readonly root: ContentRoot;
} {
  if (manifest.leaves.length > MAX_LEAVES) {
    throw new StoqError({ code: 'stoq/content-too-large', limit: MAX_LEAVES });
  }
  const leaves = Buffer.alloc(manifest.leaves.length * LEAF_BYTES);
  manifest.leaves.forEach(({ size, digest }, index) => {
    leaves.writeUInt32BE(size, index * LEAF_BYTES);
    leaves.set(digest, index * LEAF_BYTES + 4);
  });
  const { size, chunker } = manifest;
  const bytes = encodeRecord(MANIFEST, {
    v: 1,
    size,
    chunker,
    leaves: new Uint8Array(leaves.buffer, leaves.byteOffset, leaves.length),
  });
  return { bytes, root: rootOf(bytes) };
}

/** Reads a manifest of any origin; sizes must add up and lie within the chunker's bounds. */
export function decodeManifest(bytes: Uint8Array): Verdict<{ readonly manifest: Manifest }, ManifestReason> {
  const decoded = decodePacked(bytes);
  if (!decoded.ok) return decoded;
  const { size, chunker, packed } = decoded;
  const view = viewOf(packed);
  const leaves = Array.from({ length: packed.length / LEAF_BYTES }, (_, index) => ({
    size: view.getUint32(index * LEAF_BYTES),
    digest: digestAt(packed, index),
  }));
  return { ok: true, manifest: { size, chunker, leaves } };
}

/** The digests of a manifest's chunks, as they stand in its bytes: what serving needs, a tenth of the memory of leaves. */
export interface ManifestDigests {
  readonly chunks: number;
  /** The digest of a chunk; `index` is below `chunks`. */
  at(index: number): Uint8Array;
}

/** Checks a manifest as `decodeManifest` does, without making its leaves. */
export function readDigests(
  bytes: Uint8Array,
): Verdict<{ readonly digests: ManifestDigests }, ManifestReason> {
  const decoded = decodePacked(bytes);
  if (!decoded.ok) return decoded;
  const { packed } = decoded;
  return {
    ok: true,
    digests: { chunks: packed.length / LEAF_BYTES, at: (index) => digestAt(packed, index) },
  };
}

interface Packed {
  readonly size: number;
  readonly chunker: ChunkerName;
  /** `u32 size` and digest of each chunk. */
  readonly packed: Uint8Array;
}

function decodePacked(bytes: Uint8Array): Verdict<Packed, ManifestReason> {
  const decoded = decodeRecord(MANIFEST, bytes, { maxBytes: MAX_MANIFEST_BYTES });
  if (!decoded.ok) return { ok: false, reason: decoded.reason };
  const { size, chunker, leaves: packed } = decoded.value;
  if (packed.length % LEAF_BYTES !== 0) return { ok: false, reason: 'wrong-length' };
  const { min, max } = profileNamed(chunker);
  const view = viewOf(packed);
  let total = 0;
  for (let at = 0; at < packed.length; at += LEAF_BYTES) {
    const leaf = view.getUint32(at);
    const isLast = at + LEAF_BYTES === packed.length;
    if (leaf > max || leaf < (isLast ? 1 : min)) return { ok: false, reason: 'leaf-size' };
    total += leaf;
  }
  return total === size ? { ok: true, size, chunker, packed } : { ok: false, reason: 'total-size' };
}

const viewOf = (packed: Uint8Array): DataView =>
  new DataView(packed.buffer, packed.byteOffset, packed.length);

const digestAt = (packed: Uint8Array, index: number): Uint8Array =>
  packed.subarray(index * LEAF_BYTES + 4, (index + 1) * LEAF_BYTES);

/** The root of manifest bytes: CIDv1, dag-cbor, blake3-256. */
export function rootOf(manifest: Uint8Array): ContentRoot {
  return cidOf(manifest, 'dag-cbor', 'blake3-256') as ContentRoot;
}

/** The id of a chunk by its digest: CIDv1, raw, blake3-256. */
export function chunkIdOf(digest: Uint8Array): ChunkId {
  return cidOfDigest(digest, 'raw', 'blake3-256') as ChunkId;
}

/** The 32 bytes of a root's digest; undefined for text that is no root. */
export function rootDigest(root: string): Uint8Array | undefined {
  const parsed = parseCid(root);
  const isRoot = parsed.ok && parsed.codec === 'dag-cbor' && parsed.hash === 'blake3-256';
  return isRoot ? parsed.digest : undefined;
}

/** The root of a digest. */
export function rootOfDigest(digest: Uint8Array): ContentRoot {
  return cidOfDigest(digest, 'dag-cbor', 'blake3-256') as ContentRoot;
}
