import type { DroppedEvent, EventData, LiveEvent, Topic } from '@hypermesh/client';
import type { Clock } from '@hypermesh/core';

/** What a subscriber hears: events in order, and in between what it missed. */
export type HeardEvent = LiveEvent | DroppedEvent;

/** What happens on a node, for whoever listens. Nothing of it ever throws or waits for a listener. */
export interface Events {
  /** Tells all who listen to `topic`. `data` is plain JSON (bigint and bytes allowed), small, without secrets, and not changed afterwards. */
  publish<T extends Topic>(topic: T, data: EventData<T>): void;
  /**
   * Events of `topics` from now on, or from after `afterId` where that is still kept. One that reads too slowly loses the
   * oldest, hears `dropped`, and goes on. Ends when `signal` aborts or the reader stops.
   */
  subscribe(
    topics: readonly Topic[],
    options: { readonly afterId?: string | undefined; readonly signal: AbortSignal },
  ): AsyncIterableIterator<HeardEvent>;
  /** Whether anyone listens to `topic`: what is costly to tell may be left out where nobody does. */
  isHeard(topic: Topic): boolean;
}

/** Events that wait for one subscriber at most. */
const mostWaiting = 512;

/** Makes the hub of one life of a node. `keep` events stay for those who come back. */
export function createEvents({
  clock,
  keep = 1000,
}: {
  readonly clock: Clock;
  readonly keep?: number;
}): Events {
  const life = Math.floor(clock.nowMs()).toString(36);
  const kept: { readonly at: number; readonly event: LiveEvent }[] = [];
  const subscribers = new Set<Subscriber>();
  let last = 0;
  const idOf = (at: number) => `${life}.${at}`;
  const dropped = (data: DroppedEvent['data'], at: number): DroppedEvent => ({
    id: idOf(at),
    topic: 'dropped',
    atMs: clock.nowMs(),
    data,
  });

  /** What one who comes back has missed, as far as it is kept. */
  function since(afterId: string, topics: ReadonlySet<Topic>): HeardEvent[] {
    const [itsLife, number = ''] = afterId.split('.');
    const after = /^\d{1,15}$/.test(number) ? Number(number) : Number.NaN;
    if (itsLife !== life || !(after <= last)) return [dropped({ reason: 'restart' }, last)];
    const oldest = kept[0]?.at ?? last + 1;
    const heard: HeardEvent[] = after + 1 < oldest ? [dropped({ reason: 'gone' }, oldest - 1)] : [];
    for (const { at, event } of kept) if (at > after && topics.has(event.topic)) heard.push(event);
    return heard;
  }

  return {
    publish(topic, data) {
      const at = ++last;
      const event: LiveEvent = { id: idOf(at), topic, atMs: clock.nowMs(), data };
      kept.push({ at, event });
      // Half at a time: moving the rest costs little then.
      if (kept.length >= keep * 2) kept.splice(0, kept.length - keep);
      for (const subscriber of subscribers) subscriber.hear(event);
    },
    isHeard: (topic) => [...subscribers].some(({ topics }) => topics.has(topic)),
    subscribe(topics, { afterId, signal }) {
      const wanted = new Set(topics);
      const waiting: HeardEvent[] = afterId === undefined ? [] : since(afterId, wanted);
      let missed = 0;
      let missedUpTo = idOf(last);
      let wake: (() => void) | undefined;
      let ended = signal.aborted;
      const end = () => {
        ended = true;
        subscribers.delete(subscriber);
        signal.removeEventListener('abort', end);
        waiting.length = 0;
        wake?.();
      };
      const subscriber: Subscriber = {
        topics: wanted,
        hear(event) {
          if (!wanted.has(event.topic)) return;
          waiting.push(event);
          if (waiting.length > mostWaiting) {
            missedUpTo = waiting.shift()?.id ?? missedUpTo;
            missed++;
          }
          wake?.();
        },
      };
      if (!ended) {
        subscribers.add(subscriber);
        signal.addEventListener('abort', end, { once: true });
      }
      const iterator: AsyncIterableIterator<HeardEvent> = {
        async next() {
          while (!ended && waiting.length === 0 && missed === 0) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
            wake = undefined;
          }
          if (ended) return { done: true, value: undefined };
          if (missed > 0) {
            const value = { ...dropped({ reason: 'slow', missed }, last), id: missedUpTo };
            missed = 0;
            return { done: false, value };
          }
          return { done: false, value: waiting.shift() as HeardEvent };
        },
        async return() {
          end();
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]: () => iterator,
      };
      return iterator;
    },
  };
}

interface Subscriber {
  readonly topics: ReadonlySet<Topic>;
  hear(event: LiveEvent): void;
}
