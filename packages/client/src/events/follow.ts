import { ClientError } from '../errors.ts';
import { type Body, readEvents } from './stream.ts';
import type { DroppedEvent, LiveEvent } from './topics.ts';

/** How events are followed. */
export interface FollowOptions {
  /** Ends it; so does leaving the loop. */
  readonly signal?: AbortSignal | undefined;
  /** Begins after this event, where it is still known. */
  readonly afterId?: string | undefined;
  /** Hears whether the stream is open: `false` while it is being opened again. */
  readonly onOpen?: ((isOpen: boolean) => void) | undefined;
  /** A stream that says nothing for so long, not even that it lives, is opened again. 45 s unless given. */
  readonly silentMs?: number | undefined;
}

const firstWaitMs = 250;
const longestWaitMs = 10_000;
const defaultSilentMs = 45_000;

/** Statuses after which asking again may help. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Follows a stream of events: opens it, opens it again after the last event that came where it ends, waiting longer from time to time. Throws
 * what `open` throws where that is a refusal for good.
 */
export async function* follow(
  open: (afterId: string | undefined, signal: AbortSignal) => Promise<Body>,
  { signal, afterId, onOpen, silentMs = defaultSilentMs }: FollowOptions,
): AsyncGenerator<LiveEvent | DroppedEvent, void, undefined> {
  const isEnded = () => signal?.aborted === true;
  let last = afterId;
  for (let failures = 0; !isEnded(); failures++) {
    const ending = new AbortController();
    const until = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal]);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isAlive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => ending.abort(new Error('the stream is silent')), silentMs);
    };
    try {
      isAlive();
      const body = await open(last, until);
      onOpen?.(true);
      for await (const { id, event, data } of readEvents(body, { onPiece: isAlive })) {
        failures = 0;
        if (id !== '') last = id;
        const { atMs, data: value } = JSON.parse(data) as { atMs: number; data: never };
        // The reader may take its time: what is silent is then not the stream.
        clearTimeout(timer);
        yield { id, topic: event, atMs, data: value } as LiveEvent | DroppedEvent;
        isAlive();
      }
    } catch (error) {
      if (isEnded()) return;
      const status =
        error instanceof ClientError && 'status' in error.failure ? error.failure.status : undefined;
      if (typeof status === 'number' && !passing.has(status)) throw error;
    } finally {
      clearTimeout(timer);
      ending.abort(new Error('the reader left'));
    }
    onOpen?.(false);
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures, 10));
    await pause(waitMs * (0.5 + Math.random() / 2), signal);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
}
