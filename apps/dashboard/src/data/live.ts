import type { Input, Result, RouteId, Topic } from '@hypermesh/client';
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Api, MeshEvent } from './api.ts';
import { type Fault, faultOf } from './fault.ts';
import type { EventStream } from './stream.ts';

/** What is known of one answer of the node: the last one stays while it is asked again, and beside a fault. */
export interface Answer<R> {
  readonly value?: R;
  readonly fault?: Fault;
  readonly isLoading: boolean;
  /** When `value` was true. */
  readonly atMs?: number;
}

/** How an answer stays true. */
export interface Keeping<R> {
  /** Events after which it may be another. */
  readonly topics: readonly Topic[];
  /** The answer after an event, where the event says enough; undefined asks the node again. */
  readonly fold?: (value: R, event: MeshEvent) => R | undefined;
  /** Shortest time between two questions; default 300 ms. */
  readonly everyMs?: number;
}

/** An answer that is kept true as long as somebody holds it. */
export interface Live<R> {
  readonly answer: ReadonlySignal<Answer<R>>;
  refresh(): void;
  release(): void;
}

/** Answers of the node, each asked once however many parts show it. */
export interface LiveStore {
  hold<Id extends RouteId>(id: Id, params: Input<Id>, keeping: Keeping<Result<Id>>): Live<Result<Id>>;
  /** Asks again for everything that is shown: after something was done, which may end later than its events. */
  refresh(): void;
}

/** Time, as the store needs it; in a browser `Date.now` and `setTimeout`. */
export interface Timing {
  nowMs(): number;
  after(ms: number, then: () => void): void;
}

/** Between two questions where nothing else is said, and at most after something that a person did. */
const soonMs = 300;

/** How long an answer that nobody shows is kept, so that going back shows it at once. */
const keptMs = 60_000;

interface Entry {
  readonly answer: ReturnType<typeof signal<Answer<object>>>;
  readonly refresh: () => void;
  readonly end: () => void;
  holders: number;
  leftMs: number;
}

/** Makes the store over a client and its events. */
export function createLiveStore(
  api: Pick<Api, 'call'>,
  stream: Pick<EventStream, 'listen' | 'onGap' | 'opened'>,
  timing: Timing,
): LiveStore {
  const entries = new Map<string, Entry>();

  function enter<Id extends RouteId>(
    key: string,
    id: Id,
    params: Input<Id>,
    keeping: Keeping<Result<Id>>,
  ): Entry {
    const answer = signal<Answer<Result<Id>>>({ isLoading: true });
    const { topics, fold, everyMs = soonMs } = keeping;
    const ended = new AbortController();
    let isAsking = false;
    /** When it is asked next, and the shortest time before that which somebody who came while it was asked may wait. */
    let dueMs = Number.POSITIVE_INFINITY;
    let missedMs = Number.POSITIVE_INFINITY;
    let lastMs = Number.NEGATIVE_INFINITY;

    async function ask(): Promise<void> {
      isAsking = true;
      dueMs = Number.POSITIVE_INFINITY;
      missedMs = Number.POSITIVE_INFINITY;
      lastMs = timing.nowMs();
      answer.value = { ...answer.peek(), isLoading: true };
      try {
        const value = await api.call(id, params, { signal: ended.signal });
        answer.value = { value, isLoading: false, atMs: timing.nowMs() };
      } catch (error) {
        if (ended.signal.aborted) return;
        const fault = faultOf(error);
        const { value, atMs } = answer.peek();
        // What is gone is shown no more: an extension that was unloaded, a package that was removed.
        const isKnown = value !== undefined && atMs !== undefined && fault.status !== 404;
        answer.value = { ...(isKnown ? { value, atMs } : {}), fault, isLoading: false };
      }
      isAsking = false;
      if (missedMs < Number.POSITIVE_INFINITY) refresh(missedMs);
    }

    function refresh(leastMs: number = everyMs): void {
      if (isAsking) {
        missedMs = Math.min(missedMs, leastMs);
        return;
      }
      const nowMs = timing.nowMs();
      const mineMs = Math.max(nowMs, lastMs + leastMs);
      if (mineMs >= dueMs) return;
      dueMs = mineMs;
      timing.after(mineMs - nowMs, () => {
        if (dueMs === mineMs && !ended.signal.aborted) void ask();
      });
    }

    function hear(event: MeshEvent): void {
      const { value, fault } = answer.peek();
      const next = value === undefined || fault !== undefined ? undefined : fold?.(value, event);
      if (next === undefined || isAsking) refresh();
      else answer.value = { value: next, isLoading: dueMs < Number.POSITIVE_INFINITY, atMs: timing.nowMs() };
    }

    const stops = [stream.listen(topics, hear), stream.onGap(() => refresh())];
    // Asked once the events flow: nothing can change unheard between the answer and the first event.
    isAsking = true;
    void stream.opened().then(ask);
    return {
      answer: answer as unknown as Entry['answer'],
      // A person who did something does not wait as long as events may.
      refresh: () => refresh(Math.min(everyMs, soonMs)),
      end() {
        ended.abort();
        for (const stop of stops) stop();
        entries.delete(key);
      },
      holders: 0,
      leftMs: 0,
    };
  }

  function sweep(): void {
    for (const { holders, leftMs, end } of [...entries.values()])
      if (holders === 0 && leftMs + keptMs <= timing.nowMs()) end();
  }

  return {
    refresh() {
      for (const { holders, refresh } of entries.values()) if (holders > 0) refresh();
    },
    hold<Id extends RouteId>(id: Id, params: Input<Id>, keeping: Keeping<Result<Id>>): Live<Result<Id>> {
      sweep();
      const key = `${id} ${JSON.stringify(params)}`;
      const entry = entries.get(key) ?? enter(key, id, params, keeping);
      entries.set(key, entry);
      entry.holders += 1;
      let isReleased = false;
      return {
        answer: entry.answer as unknown as ReadonlySignal<Answer<Result<Id>>>,
        refresh: entry.refresh,
        release() {
          if (isReleased) return;
          isReleased = true;
          entry.holders -= 1;
          entry.leftMs = timing.nowMs();
          if (entry.holders === 0) timing.after(keptMs, sweep);
        },
      };
    },
  };
}
