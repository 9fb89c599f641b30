import type { Clock, Log } from '@hypermesh/core';
import type { MessageStream, Peer } from '@hypermesh/stoq';

/** Bytes that wait for one validator before further messages to it are dropped; the engine sends again. */
const maxQueuedBytes = 8 * 1024 * 1024;
/** Time until a stream that was refused or broke is asked for again, unless the other end shows itself first. */
const retryMs = 500;

/** What a lane works with. */
export interface LaneParts {
  readonly streamName: string;
  readonly clock: Clock;
  readonly log: Log;
  /** An open session with the validator, if there is one. */
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
  let stream: MessageStream<Peer> | undefined;
  let isClosed = false;
  let wake: () => void = () => undefined;

  /** Resolves at the next `send`, `nudge` or disposal, or after `timeoutMs`. */
  function woken(timeoutMs?: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = timeoutMs === undefined ? () => undefined : clock.schedule(timeoutMs, resolve);
    wake = resolve;
    return promise.finally(cancel);
  }

  async function openStream(): Promise<MessageStream<Peer> | undefined> {
    const peer = session();
    if (peer === undefined) {
      await woken();
      return undefined;
    }
    try {
      const opened = await peer.openMessages(streamName);
      void peer.closed.then(() => wake());
      return opened;
    } catch (error) {
      log.debug('ledger.stream-refused', { peer: peer.id, message: String(error) });
      await woken(retryMs);
      return undefined;
    }
  }

  /** Sends what is queued until the stream breaks or its session ends. */
  async function pump(open: MessageStream<Peer>): Promise<void> {
    let ended = false;
    void open.peer.closed.then(() => {
      ended = true;
    });
    while (!isClosed && !ended) {
      const message = queue.shift();
      if (message === undefined) {
        await woken();
        continue;
      }
      queuedBytes -= message.length;
      await open.send(message);
    }
  }

  async function run(): Promise<void> {
    while (!isClosed) {
      stream = await openStream();
      if (stream === undefined) continue;
      onOpen();
      try {
        await pump(stream);
      } catch (error) {
        log.debug('ledger.send-failed', { peer: stream.peer.id, message: String(error) });
        await woken(retryMs);
      }
      stream.abort();
      stream = undefined;
      queue.length = 0;
      queuedBytes = 0;
    }
  }
  run().catch((error: unknown) => log.error('ledger.lane-failed', { message: String(error) }));

  return {
    get isOpen() {
      return stream !== undefined;
    },
    send(message) {
      if (stream === undefined || queuedBytes + message.length > maxQueuedBytes) return;
      queue.push(message);
      queuedBytes += message.length;
      wake();
    },
    nudge: () => wake(),
    [Symbol.dispose]() {
      isClosed = true;
      wake();
    },
  };
}
