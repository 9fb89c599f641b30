import { domainHash } from '@hypermesh/core';
import { type ContentProfile, PROFILES } from './profiles.ts';

/** Cuts a stream of bytes where its content says so. */
export interface Chunker {
  /** Takes bytes, which may be reused afterwards, and answers the chunks that are complete, in order. */
  push(bytes: Uint8Array): readonly Uint8Array[];
  /** Answers the rest; the chunker is used up. */
  end(): readonly Uint8Array[];
}

/**
 * FastCDC (Xia et al., USENIX ATC 2016) with normalised chunking at level 2: a gear hash of 32 bits over the bytes behind the
 * least size; a cut where its top `log2(normal) + 2` bits are zero before the normal size, `log2(normal) - 2` behind it. The cuts
 * depend on the bytes alone, not on how they are handed in. Not a secret: cuts tell about content to who sees chunk sizes.
 */
export function createChunker(profile: ContentProfile): Chunker {
  const { max } = PROFILES[profile];
  let parts: Uint8Array[] = [];
  let size = 0;

  const cutAll = (least: number): Uint8Array[] => {
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    const chunks: Uint8Array[] = [];
    let start = 0;
    while (size - start > least) {
      const length = cutLength(bytes, start, profile);
      chunks.push(bytes.subarray(start, start + length));
      start += length;
    }
    parts = [bytes.subarray(start)];
    size -= start;
    return chunks;
  };

  return {
    push(bytes) {
      parts.push(Uint8Array.prototype.slice.call(bytes));
      size += bytes.length;
      // A cut needs a whole largest chunk to look at; gathering four keeps the copying low.
      return size >= 4 * max ? cutAll(max) : [];
    },
    end: () => cutAll(0),
  };
}

function cutLength(bytes: Uint8Array, start: number, profile: ContentProfile): number {
  const { min, normal, max } = PROFILES[profile];
  const left = bytes.length - start;
  if (left <= min) return left;
  const bits = Math.log2(normal);
  const end = start + Math.min(left, max);
  const middle = Math.min(start + normal, end);
  let hash = 0;
  let at = start + min;
  for (let shift = 32 - bits - 2; at < middle; at += 1) {
    hash = ((hash << 1) + (GEAR[bytes[at] as number] as number)) | 0;
    if (hash >>> shift === 0) return at - start;
  }
  for (let shift = 32 - bits + 2; at < end; at += 1) {
    hash = ((hash << 1) + (GEAR[bytes[at] as number] as number)) | 0;
    if (hash >>> shift === 0) return at - start;
  }
  return end - start;
}

/** 256 words of 32 bits, the first four bytes of the domain's hash over each byte value. */
const GEAR = Int32Array.from({ length: 256 }, (_, value) => {
  const hash = domainHash('hypermesh/stoq/gear/v1', Uint8Array.of(value));
  return new DataView(hash.buffer, hash.byteOffset).getInt32(0);
});
