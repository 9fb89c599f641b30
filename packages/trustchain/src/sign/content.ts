import { isBytes } from '@hypermesh/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { badArgument } from '../errors.ts';
import { nodeCrypto } from '../native.ts';

/** SHA-256 and size of bytes that were hashed elsewhere, for example while they were downloaded. */
export interface ContentDigest {
  readonly digest: Uint8Array;
  readonly sizeBytes: number;
}

/** Hashed in one turn of the event loop: a few milliseconds at worst. */
const SLICE_BYTES = 2 << 20;

/** Digest and size of `content`; other work goes on between slices. */
export async function digestOf(content: Uint8Array | ContentDigest): Promise<ContentDigest> {
  if (!isBytes(content)) {
    if (isBytes(content?.digest) && Number.isSafeInteger(content.sizeBytes)) return content;
    throw badArgument('content', 'a Uint8Array or its digest and size');
  }
  const hash = nodeCrypto?.createHash('sha256') ?? sha256.create();
  for (let at = 0; at < content.length; at += SLICE_BYTES) {
    if (at > 0) await nextTurn();
    hash.update(content.subarray(at, at + SLICE_BYTES));
  }
  return { digest: new Uint8Array(hash.digest()), sizeBytes: content.length };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (globalThis.setImmediate === undefined) setTimeout(resolve);
    else setImmediate(resolve);
  });
}
