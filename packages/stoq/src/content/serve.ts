import { type ContentRoot, type Metrics, silentMetrics } from '@hypermesh/core';
import { pipe } from 'it-pipe';
import type { StoqNode } from '../node.ts';
import type { Peer } from '../peer.ts';
import { uint } from '../session/reader.ts';
import { RECORD_BYTES } from '../session/record-bounds.ts';
import {
  CONTENT_STREAM,
  type ContentFrame,
  decodeContentFrames,
  decodeRanges,
  encodeContentFrame,
  type IndexRange,
  NO_REASONS,
  type NoReason,
} from './frames.ts';
import { chunkIdOf, type ManifestDigests, readDigests, rootOfDigest } from './manifest.ts';
import { packChunk } from './pack.ts';
import type { ContentStore } from './store.ts';
import { createTurns } from './turns.ts';

/** Who may fetch what. */
export interface ServeContentOptions {
  /** Asked once per stream and root; everyone may fetch everything by default. */
  readonly authorize?: (peer: Peer, root: ContentRoot) => boolean | Promise<boolean>;
  /** Called with every manifest and chunk that is about to go out, with the bytes of its frame; must not throw. */
  readonly onServe?: (served: Served) => void;
  /** Counts what goes out; by default nobody does. */
  readonly metrics?: Metrics;
}

/** One frame of content on its way to a peer. */
export interface Served {
  readonly peer: Peer;
  readonly root: ContentRoot;
  readonly part: 'manifest' | 'chunk';
  readonly bytes: number;
}

/** Chunks that are read from the store while earlier ones are on their way. */
const READ_AHEAD = 4;
/** Streams of one peer that are served at once, each with a manifest and some chunks in memory. */
const STREAMS_AT_ONCE = 16;

/**
 * Serves a store's content to a node's peers; the answer stops it. Chunks go out as stored: whoever fetches verifies. Of one peer's
 * streams 16 are served at once; others wait for those.
 */
export function serveContent(
  node: StoqNode,
  store: ContentStore,
  options: ServeContentOptions = {},
): () => void {
  const turnOf = createTurns(STREAMS_AT_ONCE);
  return node.handleStream(CONTENT_STREAM, async (stream, peer) => {
    using _turn = await turnOf(peer.id);
    const { metrics = silentMetrics } = options;
    const authorize = async (root: ContentRoot) => {
      const isAllowed = (await options.authorize?.(peer, root)) ?? true;
      if (!isAllowed) metrics.count('content_refused_total');
      return isAllowed;
    };
    const onServe = (root: ContentRoot, part: Served['part'], frame: FrameParts) =>
      options.onServe?.({ peer, root, part, bytes: frame.reduce((sum, { length }) => sum + length, 0) });
    const answering = answers(store, { authorize, onServe, metrics });
    await pipe(stream.source, decodeContentFrames('fetcher'), answering, gather, stream.sink);
  });
}

/** The parts of a frame; `undefined` says that whoever waits for the answer has all of it. */
type FrameParts = readonly Uint8Array[];
type Frames = AsyncGenerator<FrameParts | undefined, void, undefined>;

function answers(
  store: ContentStore,
  parts: {
    readonly authorize: (root: ContentRoot) => Promise<boolean>;
    readonly onServe: (root: ContentRoot, part: Served['part'], frame: FrameParts) => void;
    readonly metrics: Metrics;
  },
): (frames: AsyncIterable<ContentFrame>) => Frames {
  const { authorize, onServe, metrics } = parts;
  return async function* (frames) {
    let known: { readonly root: ContentRoot; readonly digests: ManifestDigests } | undefined;
    for await (const frame of frames) {
      const isFirst = frame.name === 'get' || frame.name === 'has';
      if (isFirst && frame.body.length === 32 && known === undefined) {
        const root = rootOfDigest(frame.body);
        if (!(await authorize(root))) return yield no('refused');
        const bytes = await store.manifest(root);
        const decoded = bytes === undefined ? undefined : readDigests(bytes);
        if (bytes === undefined || decoded?.ok !== true) return yield no('not-found');
        known = { root, digests: decoded.digests };
        const manifest = encodeContentFrame('manifest', bytes);
        if (frame.name === 'get') onServe(root, 'manifest', manifest);
        // Who has the manifest from another provider is only told that this one has the content too.
        yield frame.name === 'get' ? manifest : encodeContentFrame('done');
      } else {
        const isWant = frame.name === 'want' || frame.name === 'wantPacked';
        const ranges =
          known === undefined || !isWant ? undefined : decodeRanges(frame.body, known.digests.chunks);
        if (known === undefined || ranges === undefined) return yield no('bad-request');
        const { root, digests } = known;
        const frameOf = frame.name === 'want' ? plainFrame : smallerFrame;
        const onChunk = (chunk: FrameParts) => onServe(root, 'chunk', chunk);
        const isWhole = yield* chunks(store, { digests, ranges, frameOf, onChunk, metrics });
        if (!isWhole) return yield no('missing-chunk');
        yield encodeContentFrame('done');
      }
      yield undefined;
    }
  };
}

interface Want {
  readonly digests: ManifestDigests;
  readonly ranges: readonly IndexRange[];
  readonly frameOf: (index: number, bytes: Uint8Array) => FrameParts;
  readonly onChunk: (frame: FrameParts) => void;
  readonly metrics: Metrics;
}

function plainFrame(index: number, bytes: Uint8Array): FrameParts {
  return encodeContentFrame('chunk', uint(index, 4), bytes);
}

function smallerFrame(index: number, bytes: Uint8Array): FrameParts {
  const packed = packChunk(bytes);
  return packed === undefined
    ? plainFrame(index, bytes)
    : encodeContentFrame('packed', uint(index, 4), packed);
}

async function* chunks(
  store: ContentStore,
  { digests, ranges, frameOf, onChunk, metrics }: Want,
): AsyncGenerator<FrameParts, boolean, undefined> {
  const ahead: { readonly index: number; readonly bytes: Promise<Uint8Array | undefined> }[] = [];
  const indices = indicesOf(ranges);
  for (;;) {
    while (ahead.length < READ_AHEAD) {
      const { value: index, done } = indices.next();
      if (done) break;
      const bytes = store.get(chunkIdOf(digests.at(index)));
      // Its failure is told when its turn comes; until then it must not count as unhandled.
      bytes.catch(() => {});
      ahead.push({ index, bytes });
    }
    const next = ahead.shift();
    if (next === undefined) return true;
    const bytes = await next.bytes;
    if (bytes === undefined) return false;
    const frame = frameOf(next.index, bytes);
    onChunk(frame);
    metrics.count('content_chunks_served_total');
    metrics.count('content_served_bytes_total', bytes.length);
    yield frame;
  }
}

function* indicesOf(ranges: readonly IndexRange[]): Generator<number, void, undefined> {
  for (const { from, count } of ranges) for (let index = from; index < from + count; index += 1) yield index;
}

function no(reason: NoReason): FrameParts {
  return encodeContentFrame('no', uint(NO_REASONS.indexOf(reason) + 1, 1));
}

/**
 * Puts frames into records: small ones together, and one that does not fit any more at the beginning of the next, so that the fetcher
 * need not put together what fits into one.
 */
async function* gather(frames: Frames): AsyncGenerator<Uint8Array, void, undefined> {
  const record = Buffer.allocUnsafeSlow(RECORD_BYTES);
  let filled = 0;
  for await (const frame of frames) {
    const size = frame?.reduce((sum, part) => sum + part.length, 0) ?? RECORD_BYTES;
    if (filled > 0 && filled + size > RECORD_BYTES) {
      // The sink has sealed, and so copied, a record when it asks for the next.
      yield record.subarray(0, filled);
      filled = 0;
    }
    for (const part of frame ?? []) {
      for (let at = 0; at < part.length; ) {
        const piece = part.subarray(at, at + RECORD_BYTES - filled);
        record.set(piece, filled);
        filled += piece.length;
        at += piece.length;
        if (filled === RECORD_BYTES) {
          yield record;
          filled = 0;
        }
      }
    }
  }
  if (filled > 0) yield record.subarray(0, filled);
}
