import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { PROFILES } from './profiles.ts';

const params = { [constants.ZSTD_c_compressionLevel]: 3 };
/** What packing must save to be worth the other end's time: an eighth. */
const WORTH = 7 / 8;

/** A chunk packed with zstd (RFC 8878); undefined for one that is too large to be packed in passing, or hardly becomes smaller. */
export function packChunk(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length > PROFILES.package.max) return undefined;
  const packed = zstdCompressSync(bytes, { params });
  return packed.length <= WORTH * bytes.length ? packed : undefined;
}

/** A chunk of at most `size` bytes unpacked; undefined for bytes that are nothing packed, or are more. Holds no more than `size`. */
export function unpackChunk(packed: Uint8Array, size: number): Uint8Array | undefined {
  try {
    return zstdDecompressSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch {
    // Any failure says the same: these are not the chunk's bytes.
    return undefined;
  }
}
