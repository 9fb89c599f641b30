import { silentMetrics } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { kindOf } from './address.ts';
import { quicCarrier } from './carriers/quic.ts';
import { StoqError } from './errors.ts';
import { countEvent } from './event-counts.ts';
import type { StoqEvent } from './events.ts';
import { Handlers, type RequestHandler, type StreamHandler } from './handlers.ts';
import { completeLimits } from './limits.ts';
import type { StoqOptions } from './options.ts';
import type { Peer } from './peer.ts';
import type { Carrier, CarrierListener } from './ports.ts';
import { Connector } from './session/connector.ts';
import type { Session } from './session/session.ts';
import type { ByteStream } from './streams/byte-stream.ts';
import type { MessageStream } from './streams/message-stream.ts';

/** A node of the transport: listens, dials, serves. Close it, and the process may exit. */
export interface StoqNode extends AsyncDisposable {
  /** What it is bound to, with real ports. */
  readonly addresses: readonly string[];
  /** Sessions that are open now, both directions. */
  readonly peers: readonly Peer[];
  /**
   * Opens a session; a second one to the same peer is a session of its own. `expect` is the `Peer.id` that must answer. Throws
   * StoqError: `stoq/unreachable`, `stoq/handshake-timeout`, `stoq/handshake-failed`, `stoq/refused`, `stoq/cancelled`.
   */
  connect(
    address: string,
    options?: { readonly signal?: AbortSignal; readonly expect?: string },
  ): Promise<Peer>;
  /** Serves requests of this name, at most one handler a name; the answer stops it. */
  handle(name: string, handler: RequestHandler): () => void;
  /** Serves message streams of this name. */
  handleMessages(name: string, handler: StreamHandler<MessageStream<Peer>>): () => void;
  /** Serves byte streams of this name. */
  handleStream(name: string, handler: StreamHandler<ByteStream<Peer>>): () => void;
  /** Hears of every session that opens from now on, in both directions; the answer ends it. */
  onPeer(listener: (peer: Peer) => void): () => void;
  /** Ends every session and listener. Idempotent. */
  close(): Promise<void>;
}

/** Makes a node; it resolves when every address of `listen` is bound, and binds none when one cannot be. */
export async function createStoq(options: StoqOptions): Promise<StoqNode> {
  const limits = completeLimits(options.limits);
  const clock = options.clock ?? systemClock;
  const carriers = options.carriers ?? [quicCarrier()];
  const handlers = new Handlers();
  const sessions = new Set<Session>();
  const peerListeners = new Set<(peer: Peer) => void>();
  const { auth, pq = 'require', metrics = silentMetrics } = options;
  const onEvent = (event: StoqEvent) => {
    countEvent(metrics, event);
    quietly(() => options.onEvent?.(event));
  };
  const connector = new Connector({ auth, pq, limits, clock, handlers, metrics, onEvent, sessions, onPeer });
  const listeners: CarrierListener[] = [];
  let closing: Promise<void> | undefined;

  function onPeer(session: Session): void {
    for (const listener of peerListeners) quietly(() => listener(session));
  }

  const carrierOf = (address: string): Carrier => {
    const carrier = carriers.find(({ kind }) => kind === kindOf(address));
    if (carrier !== undefined) return carrier;
    const expected = carriers.map(({ kind }) => `${kind}://…`).join(' or ');
    throw new StoqError({ code: 'stoq/bad-address', address, expected });
  };

  const serve = async (listener: CarrierListener): Promise<void> => {
    for (;;) {
      const connection = await listener.accept();
      if (connection === undefined) return;
      void connector.accept(connection);
    }
  };

  const stopIdle = limits.idleMs === 0 ? () => {} : sweep();

  /** Looks for idle sessions four times in the idle time, so that one is closed at most a quarter late. */
  function sweep(): () => void {
    let stop = () => {};
    const look = () => {
      for (const session of sessions) if (session.idleMs() >= limits.idleMs) void session.closeWith('idle');
      stop = clock.schedule(Math.ceil(limits.idleMs / 4), look);
    };
    stop = clock.schedule(Math.ceil(limits.idleMs / 4), look);
    return () => stop();
  }

  const close = async (): Promise<void> => {
    stopIdle();
    connector.close();
    await Promise.all([...sessions].map((session) => session.closeWith('node-closing')));
    await Promise.all(listeners.map((listener) => listener.close()));
  };
  const closeOnce = () => {
    closing ??= close();
    return closing;
  };

  try {
    for (const address of options.listen ?? []) listeners.push(await carrierOf(address).listen(address));
  } catch (error) {
    await closeOnce();
    throw error;
  }
  for (const listener of listeners) void serve(listener);

  return {
    addresses: listeners.map(({ address }) => address),
    get peers() {
      return [...sessions];
    },
    async connect(address, given = {}) {
      if (closing !== undefined) throw new StoqError({ code: 'stoq/closed', what: 'node' });
      return connector.dial(carrierOf(address), address, given);
    },
    handle: (name, handler) => handlers.requests.add(name, handler),
    handleMessages: (name, handler) => handlers.messages.add(name, handler),
    handleStream: (name, handler) => handlers.streams.add(name, handler),
    onPeer(listener) {
      peerListeners.add(listener);
      return () => {
        peerListeners.delete(listener);
      };
    },
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

function quietly(call: () => void): void {
  try {
    call();
  } catch {
    // A listener's own failure must not reach the protocol; it is the listener's to report.
  }
}
