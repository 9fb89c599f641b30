import type { Clock } from '@hypermesh/core';
import { StoqError } from '../../errors.ts';
import type { Peer } from '../../peer.ts';
import type { ByteStream } from '../../streams/byte-stream.ts';
import {
  CONTENT_STREAM,
  type ContentFrame,
  type ContentFrameName,
  decodeContentFrames,
  encodeContentFrame,
  encodeRanges,
  type IndexRange,
  NO_REASONS,
} from '../frames.ts';
import { Patience } from '../patience.ts';
import { FetchFault, faultOf } from './fault.ts';

/** What the lanes of one fetch share. */
export interface Job {
  readonly digest: Uint8Array;
  readonly clock: Clock;
  readonly stallMs: number | undefined;
  /** Aborts when the fetch is over, whole or not. */
  readonly over: AbortSignal;
  /** Whether this lane is to ask for the manifest; waits while another one does. */
  turnForManifest(lane: Lane): Promise<'ask' | 'known' | 'over'>;
  /** Takes a manifest of anybody. Throws FetchFault. */
  takeManifest(lane: Lane, bytes: Uint8Array): Promise<void>;
  /** What to ask this lane's provider for now. Throws FetchFault where it has nothing that is still needed. */
  next(lane: Lane): readonly number[];
  /** Whether chunks are asked for in packed form. */
  readonly isPacked: boolean;
  /** Takes a chunk's frame. Throws FetchFault where it is not the chunk. */
  takeChunk(lane: Lane, index: number, frame: ContentFrame): Promise<void>;
  lacks(lane: Lane, index: number): void;
  /** Resolves when there may be something new to ask for. */
  changed(): Promise<void>;
}

/** How often a provider may end its stream for a chunk that it lacks. */
const MOST_REOPENINGS = 16;

/** One provider's part of a fetch: asks, takes what comes, and ends with the fetch or with a fault. */
export class Lane {
  readonly key: string;
  readonly peer: Peer;
  readonly #job: Job;
  readonly #patience: Patience;
  #stream: ByteStream<Peer> | undefined;
  /** Whether the provider said that it has the content. */
  #isOpen = false;
  /** What the provider still has to answer, in order. */
  readonly #due: (number | 'done')[] = [];

  constructor(key: string, peer: Peer, job: Job) {
    this.key = key;
    this.peer = peer;
    this.#job = job;
    const { clock, stallMs } = job;
    this.#patience = new Patience({ clock, ...(stallMs === undefined ? {} : { stallMs }) });
    this.#patience.signal.addEventListener('abort', () => this.#stream?.abort(), { once: true });
  }

  /** Resolves when the fetch needs nothing more of this provider. Throws FetchFault, or what the store failed with. */
  async run(): Promise<void> {
    const { over } = this.#job;
    const onOver = () => this.#stop();
    over.addEventListener('abort', onOver, { once: true });
    try {
      for (let opened = 0; !over.aborted && !(await this.#serveOneStream()); opened += 1) {
        if (opened === MOST_REOPENINGS) throw new FetchFault('missing-chunk');
      }
    } catch (error) {
      this.#stream?.abort();
      if (over.aborted && error instanceof StoqError) return;
      if (this.#patience.isOver) throw new FetchFault('stalled');
      throw error instanceof StoqError ? faultOf(error) : error;
    } finally {
      over.removeEventListener('abort', onOver);
      this.#patience.end();
    }
  }

  /** Cuts off a provider that is banned meanwhile, or one that owes what nobody needs any more. */
  cut(): void {
    this.#stream?.abort();
  }

  #stop(): void {
    if (!this.#isOpen || this.#due.some((due) => due !== 'done')) this.#patience.giveUp();
  }

  /** Whether the fetch is over for this lane; false where the provider ended its stream for a chunk that it lacks. */
  async #serveOneStream(): Promise<boolean> {
    const turn = await this.#job.turnForManifest(this);
    if (turn === 'over') return true;
    this.#due.length = 0;
    this.#isOpen = false;
    const stream = await this.#patience.wait(
      this.peer.openStream(CONTENT_STREAM, { signal: this.#patience.signal }),
    );
    this.#stream = stream;
    const frames = decodeContentFrames('provider')(this.#patience.each(stream.source));
    await this.#send(turn === 'ask' ? 'get' : 'has', this.#job.digest);
    if (turn === 'ask') await this.#job.takeManifest(this, frameOf(await frames.next(), 'manifest').body);
    else frameOf(await frames.next(), 'done');
    this.#isOpen = true;
    for (;;) {
      const asked = this.#job.next(this);
      if (asked.length > 0) {
        this.#due.push(...asked, 'done');
        await this.#send(this.#job.isPacked ? 'wantPacked' : 'want', encodeRanges(rangesOf(asked)));
      }
      if (this.#due.length === 0) {
        if (this.#job.over.aborted) break;
        await this.#job.changed();
      } else if (!(await this.#take(frames))) return false;
    }
    await stream.closeWrite();
    // The provider's orderly end, so that the stream is given back.
    if ((await frames.next()).done !== true) throw new FetchFault('protocol');
    this.#stream = undefined;
    return true;
  }

  /** Takes one answer; false where the provider lacks the chunk and has ended. */
  async #take(frames: AsyncGenerator<ContentFrame, void, undefined>): Promise<boolean> {
    const next = await frames.next();
    const due = this.#due.shift();
    if (typeof due !== 'number') {
      frameOf(next, 'done');
      return true;
    }
    try {
      await this.#job.takeChunk(this, due, frameOf(next, 'chunk', 'packed'));
      return true;
    } catch (error) {
      if (!(error instanceof FetchFault) || error.reason !== 'missing-chunk') throw error;
      this.#job.lacks(this, due);
      this.#stream?.abort();
      return false;
    }
  }

  async #send(name: 'get' | 'has' | 'want' | 'wantPacked', body: Uint8Array): Promise<void> {
    const bytes = Buffer.concat(encodeContentFrame(name, body));
    await this.#patience.wait(this.#stream?.write(bytes) ?? Promise.resolve());
  }
}

function frameOf(
  { value: frame }: IteratorResult<ContentFrame, void>,
  ...names: readonly ContentFrameName[]
): ContentFrame {
  if (frame !== undefined && names.includes(frame.name)) return frame;
  if (frame?.name === 'no') throw new FetchFault(NO_REASONS[(frame.body[0] ?? 0) - 1] ?? 'protocol');
  throw new FetchFault('protocol');
}

/** Runs of neighbours, in the order of asking. */
function rangesOf(indices: readonly number[]): readonly IndexRange[] {
  const ranges: { from: number; count: number }[] = [];
  for (const index of indices) {
    const last = ranges.at(-1);
    if (last !== undefined && last.from + last.count === index) last.count += 1;
    else ranges.push({ from: index, count: 1 });
  }
  return ranges;
}
