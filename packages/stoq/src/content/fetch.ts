import type { ChunkId, Clock, ContentRoot } from '@hypermesh/core';
import { equalBytes, hasCode } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { pipe } from 'it-pipe';
import { StoqError } from '../errors.ts';
import type { Peer } from '../peer.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import {
  CONTENT_STREAM,
  type ContentFrame,
  decodeContentFrames,
  encodeContentFrame,
  encodeRanges,
  type IndexRange,
  MAX_RANGES,
  NO_REASONS,
  type NoReason,
} from './frames.ts';
import { chunkIdOf, decodeManifest, type Manifest, rootDigest } from './manifest.ts';
import { Patience } from './patience.ts';
import type { ContentStore } from './store.ts';

/** Why content did not come. Stable public API. */
export type FetchReason =
  | NoReason
  | 'bad-root'
  | 'bad-manifest'
  | 'bad-chunk'
  | 'too-large'
  | 'not-served'
  | 'stalled'
  | 'cancelled'
  | 'closed'
  | 'protocol';

/** How a fetch ended. `fetched` counts the chunks that were moved: others were in the store already. */
export type FetchResult =
  | { readonly ok: true; readonly size: number; readonly chunks: number; readonly fetched: number }
  | {
      readonly ok: false;
      readonly reason: FetchReason;
      /** The peer's id: who sent what is wrong. */
      readonly provider: string;
      /** The place of a bad chunk. */
      readonly index?: number;
    };

/** Options of a fetch. */
export interface FetchOptions {
  readonly signal?: AbortSignal;
  /** Largest content that is taken; by default what a manifest can say. */
  readonly maxBytes?: number;
  /** How long the provider may send nothing, milliseconds; default 60 000. */
  readonly stallMs?: number;
  readonly clock?: Clock;
}

/** Chunks that are being written while the next ones come. */
const WRITES_AHEAD = 16;

/**
 * Fetches content from one peer. Each chunk is checked against the manifest, and the manifest against the root, before it is
 * stored; the root is committed only when all of it is there. A failed fetch leaves good chunks behind, which the next one does
 * not fetch again. Rejects only when the store fails.
 */
export async function fetchContent(
  peer: Peer,
  root: ContentRoot,
  store: ContentStore,
  options: FetchOptions = {},
): Promise<FetchResult> {
  const digest = rootDigest(root);
  if (digest === undefined) return { ok: false, reason: 'bad-root', provider: peer.id };
  const known = await knownManifest(store, root, digest);
  if (known !== undefined && (await missingRanges(known, store)).length === 0) return result(known, 0);
  const { signal } = options;
  const patience = new Patience(options);
  let stream: ByteStream<Peer> | undefined;
  patience.signal.addEventListener('abort', () => stream?.abort(), { once: true });
  try {
    stream = await patience.wait(peer.openStream(CONTENT_STREAM, { signal: patience.signal }));
    const transfer = new Transfer(stream, store, {
      digest,
      root,
      maxBytes: options.maxBytes ?? Number.MAX_SAFE_INTEGER,
    });
    return await pipe(
      patience.each(stream.source),
      decodeContentFrames('provider'),
      (frames: AsyncGenerator<ContentFrame, void, undefined>) => transfer.run(frames),
    );
  } catch (error) {
    stream?.abort();
    if (error instanceof FetchFault) {
      const { reason, index } = error;
      return { ok: false, reason, provider: peer.id, ...(index === undefined ? {} : { index }) };
    }
    if (!(error instanceof StoqError)) throw error;
    const reason = signal?.aborted ? 'cancelled' : patience.isOver ? 'stalled' : reasonOf(error);
    return { ok: false, reason, provider: peer.id };
  } finally {
    patience.end();
  }
}

/** The manifest that the store has for a root, unless it is damaged. */
async function knownManifest(
  store: ContentStore,
  root: ContentRoot,
  digest: Uint8Array,
): Promise<Manifest | undefined> {
  const bytes = await store.manifest(root);
  if (bytes === undefined || !equalBytes(blake3(bytes), digest)) return undefined;
  const decoded = decodeManifest(bytes);
  return decoded.ok ? decoded.manifest : undefined;
}

class FetchFault extends Error {
  readonly reason: FetchReason;
  readonly index: number | undefined;

  constructor(reason: FetchReason, index?: number) {
    super(reason);
    this.reason = reason;
    this.index = index;
  }
}

interface Goal {
  readonly digest: Uint8Array;
  readonly root: ContentRoot;
  readonly maxBytes: number;
}

/** One fetch over one stream. */
class Transfer {
  readonly #stream: ByteStream<Peer>;
  readonly #store: ContentStore;
  readonly #goal: Goal;

  constructor(stream: ByteStream<Peer>, store: ContentStore, goal: Goal) {
    this.#stream = stream;
    this.#store = store;
    this.#goal = goal;
  }

  async run(frames: AsyncGenerator<ContentFrame, void, undefined>): Promise<FetchResult> {
    await this.#send('get', this.#goal.digest);
    const bytes = await expect(frames, 'manifest');
    if (!equalBytes(blake3(bytes), this.#goal.digest)) throw new FetchFault('bad-manifest');
    const decoded = decodeManifest(bytes);
    if (!decoded.ok) throw new FetchFault('bad-manifest');
    const { manifest } = decoded;
    if (manifest.size > this.#goal.maxBytes) throw new FetchFault('too-large');
    const missing = await missingRanges(manifest, this.#store);
    let fetched = 0;
    for (let at = 0; at < missing.length; at += MAX_RANGES) {
      const ranges = missing.slice(at, at + MAX_RANGES);
      await this.#send('want', encodeRanges(ranges));
      fetched += await this.#receive(frames, manifest, ranges);
    }
    await this.#stream.closeWrite();
    await this.#store.commit(this.#goal.root, bytes);
    // The provider's orderly end, so that the stream is given back.
    if ((await frames.next()).done !== true) throw new FetchFault('protocol');
    return result(manifest, fetched);
  }

  async #receive(
    frames: AsyncGenerator<ContentFrame, void, undefined>,
    manifest: Manifest,
    ranges: readonly IndexRange[],
  ): Promise<number> {
    const writes = new Set<Promise<void>>();
    const failed: unknown[] = [];
    let fetched = 0;
    try {
      for (const { from, count } of ranges) {
        for (let index = from; index < from + count; index += 1) {
          const { id, bytes } = checkChunk(await expect(frames, 'chunk'), index, manifest);
          const write: Promise<void> = this.#store.put(id, bytes).then(
            () => void writes.delete(write),
            (error: unknown) => {
              writes.delete(write);
              failed.push(error);
            },
          );
          writes.add(write);
          if (writes.size >= WRITES_AHEAD) await Promise.race(writes);
          if (failed.length > 0) throw failed[0];
          fetched += 1;
        }
      }
    } finally {
      await Promise.all(writes);
    }
    if (failed.length > 0) throw failed[0];
    await expect(frames, 'done');
    return fetched;
  }

  async #send(name: 'get' | 'want', body: Uint8Array): Promise<void> {
    await this.#stream.write(Buffer.concat(encodeContentFrame(name, body)));
  }
}

async function expect(
  frames: AsyncGenerator<ContentFrame, void, undefined>,
  name: 'manifest' | 'chunk' | 'done',
): Promise<Uint8Array> {
  const { value: frame } = await frames.next();
  if (frame?.name === name) return frame.body;
  if (frame?.name === 'no') throw new FetchFault(NO_REASONS[(frame.body[0] ?? 0) - 1] ?? 'protocol');
  throw new FetchFault('protocol');
}

function checkChunk(
  body: Uint8Array,
  index: number,
  { leaves }: Manifest,
): { readonly id: ChunkId; readonly bytes: Uint8Array } {
  const leaf = leaves[index];
  if (leaf === undefined || body.length < 4) throw new FetchFault('protocol');
  if (new DataView(body.buffer, body.byteOffset).getUint32(0) !== index) throw new FetchFault('protocol');
  const bytes = body.subarray(4);
  if (bytes.length !== leaf.size || !equalBytes(blake3(bytes), leaf.digest)) {
    throw new FetchFault('bad-chunk', index);
  }
  return { id: chunkIdOf(leaf.digest), bytes };
}

/** Runs of chunks that the store lacks; a chunk that stands in several places is asked for once. */
async function missingRanges(manifest: Manifest, store: ContentStore): Promise<readonly IndexRange[]> {
  const seen = new Set<ChunkId>();
  const ranges: { from: number; count: number }[] = [];
  for (const [index, { digest }] of manifest.leaves.entries()) {
    const id = chunkIdOf(digest);
    if (seen.has(id)) continue;
    seen.add(id);
    if (await store.has(id)) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last.from + last.count === index) last.count += 1;
    else ranges.push({ from: index, count: 1 });
  }
  return ranges;
}

function result({ size, leaves }: Manifest, fetched: number): FetchResult {
  return { ok: true, size, chunks: leaves.length, fetched };
}

function reasonOf(error: StoqError): FetchReason {
  if (hasCode(error, 'stoq/protocol')) return 'protocol';
  if (error.failure.code === 'stoq/stream-refused') return 'not-served';
  return error.failure.code === 'stoq/cancelled' ? 'cancelled' : 'closed';
}
