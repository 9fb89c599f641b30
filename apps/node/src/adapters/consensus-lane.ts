import type { Clock, Log } from '@hypermesh/core';
import type { Peer } from '@hypermesh/stoq';

/** Bytes that wait for one validator before further messages to it are dropped; the engine sends again. */
const maxQueuedBytes = 8 * 1024 * 1024;
/** Time until a stream that was refused or broke is asked for again, unless the other end shows itself first. */
const retryMs = 500;

/** What a lane works with. */
export interface LaneParts {
  readonly streamName: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The newest session with the validator, if there is one: an older one may belong to a process that is gone. */
  session(): Peer | undefined;
  /** The lane has a stream again. */
  onOpen(): void;
}

/** The way of messages to one validator: a message stream over whatever session is open, opened again for ever. */
export interface Lane extends Disposable {
  readonly isOpen: boolean;
  /** Queues a message, or drops it where there is no stream or too much waits already. */
  send(message: Uint8Array): void;
  /** Something changed that may let a stream be opened now: a session, or the other end's own stream. */
  nudge(): void;
}

/** Starts a lane; it opens its stream as soon as there is a session. */
export function createLane({ streamName, clock, log, session, onOpen }: LaneParts): Lane {
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let isClosed = false;
  let isOpen = false;
  /** The session in use, and what ends its use. */
  let turn: { readonly peer: Peer; readonly abort: AbortController } | undefined;
  let wake: () => void = () => undefined;

  /** Resolves at the next message, nudge or disposal, or after `timeoutMs`. */
  function woken(timeoutMs?: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = timeoutMs === undefined ? () => undefined : clock.schedule(timeoutMs, resolve);
    wake = resolve;
    return promise.finally(cancel);
  }

  /** Ends the use of a session with the session; asked once for each, however often its stream is opened. */
  const watched = new WeakSet<Peer>();
  function watch(peer: Peer): void {
    if (watched.has(peer)) return;
    watched.add(peer);
    void peer.closed.then(() => {
      if (turn?.peer === peer) turn.abort.abort();
      wake();
    });
  }

  /** Sends what is queued over one session until its stream breaks or the signal comes. */
  async function useSession(peer: Peer, signal: AbortSignal): Promise<void> {
    const stream = await peer.openMessages(streamName, { signal });
    isOpen = true;
    onOpen();
    try {
      while (!signal.aborted) {
        const message = queue.shift();
        if (message === undefined) {
          await woken();
          continue;
        }
        queuedBytes -= message.length;
        await stream.send(message, { signal });
      }
    } finally {
      isOpen = false;
      queue.length = 0;
      queuedBytes = 0;
      stream.abort();
    }
  }

  async function run(): Promise<void> {
    while (!isClosed) {
      const peer = session();
      if (peer === undefined) {
        await woken();
        continue;
      }
      const abort = new AbortController();
      turn = { peer, abort };
      watch(peer);
      try {
        await useSession(peer, abort.signal);
      } catch (error) {
        if (abort.signal.aborted) continue;
        log.debug('ledger.stream-broken', { peer: peer.id, message: String(error) });
        await woken(retryMs);
      }
    }
  }
  run().catch((error: unknown) => log.error('ledger.lane-failed', { message: String(error) }));

  return {
    get isOpen() {
      return isOpen;
    },
    send(message) {
      if (!isOpen || queuedBytes + message.length > maxQueuedBytes) return;
      queue.push(message);
      queuedBytes += message.length;
      wake();
    },
    nudge() {
      if (session() !== turn?.peer) turn?.abort.abort();
      wake();
    },
    [Symbol.dispose]() {
      isClosed = true;
      turn?.abort.abort();
      wake();
    },
  };
}
