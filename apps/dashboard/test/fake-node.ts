import type { Topic } from '@hypermesh/client';
import type { Api, MeshEvent } from '../src/data/api.ts';

/** A node in the hands of a test: it answers what it is told to, and its events come when the test says so. */
export function createFakeNode() {
  const calls: { id: string; params: object }[] = [];
  const opened: { topics: readonly Topic[]; afterId: string | undefined; signal: AbortSignal }[] = [];
  let answer: (id: string, params: object) => Promise<unknown> = async () => ({});
  let onOpen: ((isOpen: boolean) => void) | undefined;
  let push: (event: MeshEvent | Error) => void = () => undefined;
  let nextId = 1;

  const api = {
    call: (id: string, params: object) => {
      calls.push({ id, params });
      return answer(id, params);
    },
    async *events(topics: readonly Topic[], options: Parameters<Api['events']>[1]) {
      opened.push({ topics, afterId: options.afterId, signal: options.signal });
      onOpen = options.onOpen;
      const waiting: (MeshEvent | Error)[] = [];
      let wake: () => void = () => undefined;
      push = (event) => {
        waiting.push(event);
        wake();
      };
      options.signal.addEventListener('abort', () => wake());
      while (!options.signal.aborted) {
        const next = waiting.shift();
        if (next instanceof Error) throw next;
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  } as unknown as Api;

  return {
    api,
    calls,
    opened,
    answers(next: (id: string, params: object) => Promise<unknown>) {
      answer = next;
    },
    opens: (isOpen = true) => onOpen?.(isOpen),
    /** Sends one event and lets everything that follows from it happen. */
    async tells(topic: MeshEvent['topic'], data: unknown = {}) {
      push({ id: String(nextId++), topic, atMs: 0, data });
      await settled();
    },
    async refuses(error: Error) {
      push(error);
      await settled();
    },
  };
}

/** Everything that was started without waiting for anything outside is done. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** Time that passes when the test says so. */
export function createFakeTiming() {
  let now = 0;
  let waiting: { atMs: number; then: () => void }[] = [];
  return {
    nowMs: () => now,
    after(ms: number, then: () => void) {
      waiting.push({ atMs: now + ms, then });
    },
    async passes(ms: number) {
      now += ms;
      const due = waiting.filter(({ atMs }) => atMs <= now);
      waiting = waiting.filter(({ atMs }) => atMs > now);
      for (const { then } of due) then();
      await settled();
    },
  };
}
