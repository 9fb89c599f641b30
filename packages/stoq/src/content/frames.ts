import { StoqError } from '../errors.ts';
import { uint } from '../session/reader.ts';
import { MAX_MANIFEST_BYTES } from './manifest.ts';
import { PROFILES } from './profiles.ts';

/** The byte stream that content travels on. */
export const CONTENT_STREAM = 'stoq/content/1';

/** Frames of the content protocol: `u8 type`, `u32 length`, body, which is at most `maxBytes`. */
const CONTENT_FRAME = {
  get: { type: 0x01, maxBytes: 32 },
  want: { type: 0x02, maxBytes: 8 * 4096 },
  has: { type: 0x03, maxBytes: 32 },
  wantPacked: { type: 0x04, maxBytes: 8 * 4096 },
  manifest: { type: 0x81, maxBytes: MAX_MANIFEST_BYTES },
  chunk: { type: 0x82, maxBytes: 4 + PROFILES.stream.max },
  done: { type: 0x83, maxBytes: 0 },
  no: { type: 0x84, maxBytes: 1 },
  packed: { type: 0x85, maxBytes: 4 + PROFILES.stream.max },
} as const;

export type ContentFrameName = keyof typeof CONTENT_FRAME;
const NAMES = Object.keys(CONTENT_FRAME) as readonly ContentFrameName[];

/** What each end may send. */
const SENT_BY = {
  fetcher: ['get', 'want', 'has', 'wantPacked'],
  provider: ['manifest', 'chunk', 'done', 'no', 'packed'],
} as const satisfies Record<string, readonly ContentFrameName[]>;

export type ContentRole = keyof typeof SENT_BY;

export interface ContentFrame {
  readonly name: ContentFrameName;
  readonly body: Uint8Array;
}

/** Why a provider does not serve: the body of `no`. */
export const NO_REASONS = ['not-found', 'refused', 'bad-request', 'missing-chunk'] as const;
export type NoReason = (typeof NO_REASONS)[number];

const HEAD_BYTES = 5;

/** The parts of a frame, head first. */
export function encodeContentFrame(
  name: ContentFrameName,
  ...body: readonly Uint8Array[]
): readonly Uint8Array[] {
  const length = body.reduce((sum, part) => sum + part.length, 0);
  return [Buffer.concat([uint(CONTENT_FRAME[name].type, 1), uint(length, 4)]), ...body];
}

/**
 * A pipeline step from an end's bytes to its frames. Throws `stoq/protocol` on unknown types, lengths over the type's bound, a body in a
 * frame that this end does not send, and an end within a frame; holds one frame at most.
 */
export function decodeContentFrames(
  from: ContentRole,
): (pieces: AsyncIterable<Uint8Array>) => AsyncGenerator<ContentFrame, void, undefined> {
  return (pieces) => decode(pieces, SENT_BY[from]);
}

async function* decode(
  pieces: AsyncIterable<Uint8Array>,
  sent: readonly ContentFrameName[],
): AsyncGenerator<ContentFrame, void, undefined> {
  let head: Uint8Array = new Uint8Array();
  let frame: FrameHead | undefined;
  let body: Uint8Array | undefined;
  let filled = 0;
  for await (const piece of pieces) {
    let rest = piece;
    for (;;) {
      if (frame === undefined) {
        const missing = HEAD_BYTES - head.length;
        head =
          head.length === 0 ? rest.subarray(0, missing) : Buffer.concat([head, rest.subarray(0, missing)]);
        rest = rest.subarray(Math.min(missing, rest.length));
        if (head.length < HEAD_BYTES) break;
        frame = beginFrame(head, sent);
        head = new Uint8Array();
        filled = 0;
      }
      if (filled === 0 && rest.length >= frame.length) {
        // A frame that came in one piece is passed on as it is, without a copy.
        const { name, length } = frame;
        yield { name, body: rest.subarray(0, length) };
        rest = rest.subarray(length);
        frame = undefined;
        continue;
      }
      body ??= Buffer.allocUnsafeSlow(frame.length);
      const part = rest.subarray(0, frame.length - filled);
      body.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
      if (filled < frame.length) break;
      yield { name: frame.name, body };
      frame = undefined;
      body = undefined;
    }
  }
  if (frame !== undefined || head.length > 0) throw broken('an end within a frame');
}

interface FrameHead {
  readonly name: ContentFrameName;
  readonly length: number;
}

function beginFrame(head: Uint8Array, sent: readonly ContentFrameName[]): FrameHead {
  const length = new DataView(head.buffer, head.byteOffset).getUint32(1);
  const name = NAMES.find((candidate) => CONTENT_FRAME[candidate].type === head[0]);
  // The other end's frames have no business here, so no memory is kept for their bodies.
  if (name === undefined || length > (sent.includes(name) ? CONTENT_FRAME[name].maxBytes : 0)) {
    throw broken('an unknown or too large frame');
  }
  return { name, length };
}

function broken(detail: string): StoqError {
  return new StoqError({ code: 'stoq/protocol', detail });
}

/** A run of chunk indices. */
export interface IndexRange {
  readonly from: number;
  readonly count: number;
}

/** Each range as `u32 from`, `u32 count`. */
export function encodeRanges(ranges: readonly IndexRange[]): Uint8Array {
  return Buffer.concat(ranges.flatMap(({ from, count }) => [uint(from, 4), uint(count, 4)]));
}

/** The ranges of a `want`, each within `chunks`; undefined for others. */
export function decodeRanges(body: Uint8Array, chunks: number): readonly IndexRange[] | undefined {
  if (body.length % 8 !== 0) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const ranges: IndexRange[] = [];
  for (let at = 0; at < body.length; at += 8) {
    const range = { from: view.getUint32(at), count: view.getUint32(at + 4) };
    if (range.count === 0 || range.from + range.count > chunks) return undefined;
    ranges.push(range);
  }
  return ranges;
}
