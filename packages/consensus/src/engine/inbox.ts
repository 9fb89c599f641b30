/** How much of each peer waits at most; what comes on top is dropped, as a network may. */
export interface InboxLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Messages handled before others get a turn. */
const SLICE = 128;

/** Waiting messages, one bounded queue for each peer, taken in turn so that a flood delays only its sender. */
export interface Inbox {
  push(from: number, bytes: Uint8Array): void;
  readonly dropped: number;
  readonly waiting: number;
  clear(): void;
}

/** Creates an inbox; `later` runs a task after pending I/O had its turn. */
export function createInbox(
  limits: InboxLimits,
  handle: (from: number, bytes: Uint8Array) => void,
  later: (task: () => void) => void,
): Inbox {
  const queues = new Map<number, { messages: Uint8Array[]; bytes: number }>();
  let isScheduled = false;
  let dropped = 0;
  let waiting = 0;

  const drain = (): void => {
    isScheduled = false;
    let left = SLICE;
    while (waiting > 0 && left > 0) {
      for (const [from, queue] of queues) {
        const bytes = queue.messages.shift();
        if (bytes === undefined) {
          queues.delete(from);
          continue;
        }
        queue.bytes -= bytes.length;
        waiting -= 1;
        left -= 1;
        handle(from, bytes);
      }
    }
    if (waiting > 0) schedule(later);
  };
  const schedule = (when: (task: () => void) => void): void => {
    if (isScheduled) return;
    isScheduled = true;
    when(drain);
  };

  return {
    push(from, bytes) {
      const queue = queues.get(from) ?? { messages: [], bytes: 0 };
      if (queue.messages.length >= limits.maxMessages || queue.bytes + bytes.length > limits.maxBytes) {
        dropped += 1;
        return;
      }
      queue.messages.push(bytes);
      queue.bytes += bytes.length;
      queues.set(from, queue);
      waiting += 1;
      schedule(queueMicrotask);
    },
    get dropped() {
      return dropped;
    },
    get waiting() {
      return waiting;
    },
    clear() {
      queues.clear();
      waiting = 0;
    },
  };
}
