import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** A chunk under zstd for its way over the wire; undefined where that saves nothing. */
export async function packChunk(chunk: Uint8Array): Promise<Uint8Array | undefined> {
  const packed = await compress(chunk);
  return packed.length < chunk.length ? packed : undefined;
}

/** What `packChunk` packed, of at most `size` bytes; undefined for anything else. Never holds more than that. */
export async function unpackChunk(packed: Uint8Array, size: number): Promise<Uint8Array | undefined> {
  try {
    return await decompress(packed, { maxOutputLength: Math.max(1, size) });
  } catch {
    // Whatever is wrong with a peer's bytes, they are not the chunk.
    return undefined;
  }
}
