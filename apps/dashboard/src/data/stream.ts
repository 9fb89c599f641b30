import type { Topic } from '@hypermesh/client';
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Api, MeshEvent } from './api.ts';
import { type Fault, faultOf } from './fault.ts';

/** How the pages stand to their node. */
export interface Connection {
  /** `paused`: the window is hidden, so its connection was let go. */
  readonly state: 'connecting' | 'live' | 'lost' | 'paused' | 'refused';
  readonly sinceMs: number;
  readonly fault?: Fault;
}

/** Events of the node over one connection, whatever topics the parts of the pages listen to. */
export interface EventStream {
  readonly connection: ReadonlySignal<Connection>;
  /** Hears events of the topics until the returned function is called. */
  listen(topics: readonly Topic[], hear: (event: MeshEvent) => void): () => void;
  /** Called whenever events may have been missed: what is shown has to be loaded anew. */
  onGap(reload: () => void): () => void;
  /** Settles once the connection is open, or cannot be opened. */
  opened(): Promise<void>;
  /** Lets the connection go, and takes it up again where it was. */
  pause(isPaused: boolean): void;
  close(): void;
}

interface Listener {
  readonly topics: readonly Topic[];
  readonly hear: (event: MeshEvent) => void;
}

/**
 * Opens the stream of events. It carries `topics` always, and others while somebody listens to them: then it is taken up
 * again, where it was, with those too.
 */
export function openEventStream(
  api: Pick<Api, 'events'>,
  topics: readonly Topic[],
  nowMs: () => number,
): EventStream {
  const connection = signal<Connection>({ state: 'connecting', sinceMs: nowMs() });
  const listeners = new Set<Listener>();
  const reloaders = new Set<() => void>();
  let carried: ReadonlySet<Topic> = new Set();
  let current: AbortController | undefined;
  let lastId: string | undefined;
  let isPaused = false;
  let isOpening = false;
  let opening = Promise.withResolvers<void>();

  const become = (state: Connection['state'], fault?: Fault) => {
    if (connection.peek().state === state) return;
    connection.value = { state, sinceMs: nowMs(), ...(fault === undefined ? {} : { fault }) };
  };

  const reload = () => {
    for (const each of [...reloaders]) each();
  };

  const wanted = () => new Set([...topics, ...[...listeners].flatMap((listener) => listener.topics)]);

  async function follow({ signal: ending }: AbortController): Promise<void> {
    const onOpen = (isOpen: boolean) => {
      if (ending.aborted) return;
      const wasLost = connection.peek().state === 'lost';
      become(isOpen ? 'live' : 'lost');
      opening.resolve();
      // What was asked meanwhile has failed.
      if (isOpen && wasLost) reload();
    };
    try {
      for await (const event of api.events([...carried], { signal: ending, afterId: lastId, onOpen })) {
        if (ending.aborted) return;
        lastId = event.id;
        if (event.topic === 'dropped') reload();
        else
          for (const { topics: heard, hear } of [...listeners]) if (heard.includes(event.topic)) hear(event);
      }
    } catch (error) {
      if (ending.aborted) return;
      become('refused', faultOf(error));
      opening.resolve();
    }
  }

  function open(): void {
    isOpening = false;
    current?.abort();
    if (isPaused) return;
    carried = wanted();
    current = new AbortController();
    void follow(current);
  }

  function reopen(): void {
    if (isOpening) return;
    isOpening = true;
    opening.resolve();
    opening = Promise.withResolvers<void>();
    // After this turn: parts of a page that come together share one new connection.
    queueMicrotask(open);
  }

  reopen();
  return {
    connection,
    listen(heard, hear) {
      const listener = { topics: heard, hear };
      listeners.add(listener);
      if (heard.some((topic) => !carried.has(topic))) reopen();
      return () => listeners.delete(listener);
    },
    onGap(handle) {
      reloaders.add(handle);
      return () => reloaders.delete(handle);
    },
    opened: () => opening.promise,
    pause(value) {
      if (isPaused === value) return;
      isPaused = value;
      become(value ? 'paused' : 'connecting');
      if (value) current?.abort();
      else reopen();
    },
    close() {
      current?.abort();
      opening.resolve();
    },
  };
}
