import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type ChunkId,
  type ContentRoot,
  decodeRecord,
  encodeRecord,
  equalBytes,
  hasCode,
  record,
  s,
} from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { createCodec, layoutStripes, type StripeLayout } from '@hypermesh/erasure';
import { chunkIdOf, decodeManifest, MAX_MANIFEST_BYTES, rootOf } from '@hypermesh/stoq/content';

/** 10 data and 4 parity shards, as the seeds have it. */
export const restCodec = createCodec({ dataShards: 10, parityShards: 4 });

const digestBytes = 32;
const header = record({
  v: s.literal(1),
  /** The content's own manifest, so that it can be mended too. */
  manifest: s.bytes({ max: MAX_MANIFEST_BYTES }),
  /** BLAKE3-256 of each parity shard, stripe by stripe. */
  digests: s.bytes({ max: MAX_MANIFEST_BYTES }),
});
const maxHeaderBytes = 2 * MAX_MANIFEST_BYTES + 1024;

/** One of a root's chunks, each once, in the manifest's order. */
export interface Piece {
  readonly id: ChunkId;
  readonly size: number;
  readonly digest: Uint8Array;
}

/** A stripe and where its parity stands. */
export interface Stripe extends StripeLayout {
  /** Bytes from the begin of the shards, and the place of its first digest. */
  readonly offset: number;
  readonly first: number;
}

/** What follows from a manifest alone. */
export interface Plan {
  readonly manifest: Uint8Array;
  readonly pieces: readonly Piece[];
  readonly stripes: readonly Stripe[];
  readonly shards: number;
  /** Of all parity. */
  readonly bytes: number;
}

/** The layout of a root's parity; undefined for bytes that are not its manifest. */
export function planOf(root: ContentRoot, manifest: Uint8Array): Plan | undefined {
  const decoded = decodeManifest(manifest);
  if (!decoded.ok || rootOf(manifest) !== root) return undefined;
  const pieces = new Map<ChunkId, Piece>();
  for (const { size, digest } of decoded.manifest.leaves) {
    const id = chunkIdOf(digest);
    pieces.set(id, { id, size, digest });
  }
  const all = [...pieces.values()];
  const sizes = all.map(({ size }) => size);
  let [bytes, shards] = [0, 0];
  const stripes = layoutStripes(sizes, restCodec).map((layout): Stripe => {
    const stripe = { ...layout, offset: bytes, first: shards };
    bytes += layout.length * layout.parity;
    shards += layout.parity;
    return stripe;
  });
  return { manifest, pieces: all, stripes, shards, bytes };
}

/**
 * A parity file being written: `u32 length, BLAKE3 of the header, header, shards, BLAKE3, header, u32 length`. The header
 * stands twice, so that rot in one leaves the other.
 */
export interface ParityWriter {
  put(stripe: Stripe, parity: readonly Uint8Array[]): Promise<void>;
}

/** Writes a file whole: after a crash there is the old one or the new one. */
export async function writeParityFile(
  path: string,
  plan: Plan,
  fill: (writer: ParityWriter) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const digests = new Uint8Array(plan.shards * digestBytes);
  const headerOf = () => framed(encodeRecord(header, { v: 1, manifest: plan.manifest, digests }));
  const start = headerOf().length + 4;
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await fill({
        async put({ offset, first, length }, parity) {
          for (const [at, shard] of parity.entries()) {
            digests.set(blake3(shard), (first + at) * digestBytes);
            await file.write(shard, 0, shard.length, start + offset + at * length);
          }
        },
      });
      const whole = headerOf();
      const length = Buffer.alloc(4);
      length.writeUInt32BE(whole.length);
      await file.write(Buffer.concat([length, whole]), 0, start, 0);
      await file.write(Buffer.concat([whole, length]), 0, start, start + plan.bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A parity file as it stands. Shards come back only as they were written. */
export interface ParityReader extends AsyncDisposable {
  readonly plan: Plan;
  /** The parity of a stripe; undefined where a shard has rotted. */
  read(stripe: Stripe): Promise<(Uint8Array | undefined)[]>;
}

/** Opens the parity of a root: undefined where there is none, or both of its headers have rotted. */
export async function openParityFile(path: string, root: ContentRoot): Promise<ParityReader | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const found = await readerOf(file, root);
    if (found === undefined) await file.close();
    return found;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readerOf(file: FileHandle, root: ContentRoot): Promise<ParityReader | undefined> {
  const { size } = await file.stat();
  for (const end of ['begin', 'end'] as const) {
    const found = await readHeader(file, size, end);
    const plan = found && planOf(root, found.manifest);
    if (found === undefined || plan === undefined || found.digests.length !== plan.shards * digestBytes)
      continue;
    const start = end === 'begin' ? found.bytes : size - found.bytes - plan.bytes;
    return {
      plan,
      async read({ offset, first, length, parity }) {
        const shards: (Uint8Array | undefined)[] = [];
        for (let at = 0; at < parity; at++) {
          const shard = await readAt(file, start + offset + at * length, length);
          const place = (first + at) * digestBytes;
          const isSound = equalBytes(blake3(shard), found.digests.subarray(place, place + digestBytes));
          shards.push(isSound ? shard : undefined);
        }
        return shards;
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  }
  return undefined;
}

async function readHeader(file: FileHandle, size: number, end: 'begin' | 'end') {
  const lengthAt = end === 'begin' ? 0 : size - 4;
  if (size < 8) return undefined;
  const length = Buffer.from(await readAt(file, lengthAt, 4)).readUInt32BE();
  if (length > maxHeaderBytes || length + 4 > size) return undefined;
  const bytes = await readAt(file, end === 'begin' ? 4 : size - 4 - length, length);
  const body = bytes.subarray(digestBytes);
  if (length < digestBytes || !equalBytes(blake3(body), bytes.subarray(0, digestBytes))) return undefined;
  const decoded = decodeRecord(header, body, { maxBytes: maxHeaderBytes });
  return decoded.ok ? { ...decoded.value, bytes: length + 4 } : undefined;
}

function framed(body: Uint8Array): Buffer {
  return Buffer.concat([blake3(body), body]);
}

/** Bytes at a place; zeros where the file ends before, or the disk cannot give them: rot that a digest finds. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  if (position < 0) return bytes;
  try {
    for (let done = 0; done < length; ) {
      const { bytesRead } = await file.read(bytes, done, length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes;
  } catch (error) {
    if (!hasCode(error, 'EIO')) throw error;
    return new Uint8Array(length);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
