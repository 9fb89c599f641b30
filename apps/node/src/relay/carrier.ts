import { randomBytes } from 'node:crypto';
import { domainHash, type Log, type NodeId, parseNodeId, utf8 } from '@hypermesh/core';
import {
  type ByteStream,
  type Carrier,
  type CarrierConnection,
  type CarrierListener,
  type CarrierStream,
  type Peer,
  StoqError,
  type StoqNode,
} from '@hypermesh/stoq';
import { isEnrolling } from '../adapters/authenticator.ts';
import {
  encodeHeader,
  offerStream,
  onwardStream,
  openStream,
  readerOf,
  readHeader,
  type StreamReader,
  wayStream,
} from './protocol.ts';

/** Where a node listens for circuits that lead to it. */
export const relayListen = 'relay://self';

/** The address of a member through a relay. */
export const relayAddress = (relay: NodeId, member: NodeId): string => `relay://${relay}/${member}`;

/** A carrier whose connections are circuits through members that both ends have a session with. */
export interface RelayCarrier extends Carrier {
  /** From here on it dials and accepts over the sessions of this node. Returns "stop". */
  attach(stoq: StoqNode, self: NodeId, log: Log): () => void;
}

/** Makes the carrier. It is handed to `createStoq` before the node exists that it works over, and attached afterwards. */
export function relayCarrier(): RelayCarrier {
  const incoming = createQueue<CarrierConnection>();
  const circuits = new Map<string, RelayedConnection>();
  let node: { readonly stoq: StoqNode; readonly self: NodeId } | undefined;

  function keep(connection: RelayedConnection): RelayedConnection {
    circuits.set(connection.circuit, connection);
    void connection.closed.then(() => circuits.delete(connection.circuit));
    return connection;
  }

  async function dial(
    address: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<CarrierConnection> {
    const { relay, member } = partsOf(address);
    const through = node?.stoq.peers.findLast(
      (peer) => peer.id === relay && !isEnrolling(peer.identity) && !peer.address.startsWith('relay:'),
    );
    if (node === undefined || through === undefined)
      throw new StoqError({ code: 'stoq/unreachable', address, detail: 'no session with the relay' });
    const circuit = randomBytes(16).toString('hex');
    const stream = await through.openStream(openStream, signal === undefined ? {} : { signal });
    const giveUp = () => stream.abort();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      // Known before the other end hears of it: its first stream may come right behind its word.
      const ends = { circuit, from: node.self, to: member };
      const connection = keep(createConnection(ends, { address, through, stream, reader: readerOf(stream) }));
      await stream.write(encodeHeader({ circuit, other: member }));
      const word = await connection.reader.take(1).catch(() => undefined);
      if (word?.[0] === 1) {
        connection.watch();
        return connection;
      }
      connection.close();
      if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
      throw new StoqError({ code: 'stoq/unreachable', address, detail: 'the relay has no way there' });
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  async function takeOffer(stream: ByteStream<Peer>, peer: Peer, self: NodeId): Promise<void> {
    const reader = readerOf(stream);
    const offered = await readHeader(reader);
    if (!offered.ok || circuits.has(offered.circuit)) {
      stream.abort();
      return;
    }
    const address = relayAddress(peer.id as NodeId, offered.other);
    const ends = { circuit: offered.circuit, from: offered.other, to: self };
    const connection = keep(createConnection(ends, { address, through: peer, stream, reader }));
    if (!incoming.push(connection)) return connection.close();
    await stream.write(Uint8Array.of(1));
    connection.watch();
  }

  async function takeWay(stream: ByteStream<Peer>, peer: Peer): Promise<void> {
    const reader = readerOf(stream);
    const header = await readHeader(reader);
    const connection = header.ok ? circuits.get(header.circuit) : undefined;
    if (connection === undefined || connection.through.id !== peer.id) {
      stream.abort();
      return;
    }
    connection.take(stream, reader);
  }

  async function listen(address: string): Promise<CarrierListener> {
    if (address !== relayListen)
      throw new StoqError({ code: 'stoq/bad-address', address, expected: relayListen });
    return {
      address,
      accept: () => incoming.next(),
      async close() {
        incoming.end();
        for (const connection of [...circuits.values()]) connection.close();
      },
    };
  }

  return {
    kind: 'relay',
    listen,
    dial,
    attach(stoq, self, log) {
      node = { stoq, self };
      const notAMember = new Error('not a member');
      const guarded =
        (serve: (stream: ByteStream<Peer>, peer: Peer) => Promise<void>) =>
        (stream: ByteStream<Peer>, peer: Peer): void => {
          const served = isEnrolling(peer.identity) ? Promise.reject(notAMember) : serve(stream, peer);
          served.catch((error: unknown) => {
            stream.abort();
            log.debug('relay.stream-broken', { peer: peer.id, message: String(error) });
          });
        };
      const offs = [
        stoq.handleStream(
          offerStream,
          guarded((stream, peer) => takeOffer(stream, peer, self)),
        ),
        stoq.handleStream(onwardStream, guarded(takeWay)),
      ];
      return () => {
        for (const off of offs) off();
      };
    },
  };
}

function partsOf(address: string): { readonly relay: NodeId; readonly member: NodeId } {
  const [, first = '', second = ''] = /^relay:\/\/([a-z0-9]{1,80})\/([a-z0-9]{1,80})$/.exec(address) ?? [];
  const [relay, member] = [parseNodeId(first), parseNodeId(second)];
  if (relay.ok && member.ok) return { relay: relay.id, member: member.id };
  throw new StoqError({ code: 'stoq/bad-address', address, expected: 'relay://RELAY/MEMBER' });
}

interface RelayedConnection extends CarrierConnection {
  readonly circuit: string;
  readonly through: Peer;
  readonly reader: StreamReader;
  /** Ends the connection when its control stream or the session under it ends. */
  watch(): void;
  /** A stream that the other end opened. */
  take(stream: ByteStream<Peer>, reader: StreamReader): void;
}

/** One circuit as a connection: each of its streams is a stream of its own through the relay. */
function createConnection(
  ends: { readonly circuit: string; readonly from: NodeId; readonly to: NodeId },
  parts: {
    readonly address: string;
    readonly through: Peer;
    readonly stream: ByteStream<Peer>;
    readonly reader: StreamReader;
  },
): RelayedConnection {
  const { address, through, stream, reader } = parts;
  const { circuit, from, to } = ends;
  const incoming = createQueue<CarrierStream>();
  const open = new Set<ByteStream<Peer>>();
  const closed = Promise.withResolvers<void>();
  let isClosed = false;

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    incoming.end();
    for (const each of open) each.abort();
    stream.abort();
    closed.resolve();
  }
  void through.closed.then(close);

  /**
   * A session reads its streams to their sealed end and no further. One piece is read ahead here, so that the end of the
   * stream under it is seen too: else each would be kept, at both ends, as long as the circuit lives.
   */
  function carried(inner: ByteStream<Peer>, from_: StreamReader = readerOf(inner)): CarrierStream {
    open.add(inner);
    let hasRead = false;
    let hasWritten = false;
    const settle = () => {
      if (hasRead && hasWritten) open.delete(inner);
    };
    const readOn = (): Promise<Uint8Array | undefined> => {
      const next = from_.next();
      next.then(
        (piece) => {
          hasRead ||= piece === undefined;
          settle();
        },
        () => open.delete(inner),
      );
      return next;
    };
    let ahead: Promise<Uint8Array | undefined> | undefined;
    return {
      async read() {
        const piece = await (ahead ?? readOn());
        if (piece !== undefined) ahead = readOn();
        return piece;
      },
      write: (bytes) => inner.write(bytes),
      async closeWrite() {
        await inner.closeWrite();
        hasWritten = true;
        settle();
      },
      reset() {
        open.delete(inner);
        inner.abort();
      },
    };
  }

  return {
    circuit,
    through,
    reader,
    carrier: 'relay',
    remoteAddress: address,
    // The session's own handshake keeps the relay out; this ties it to the circuit and to who asked for it.
    binding: domainHash('hypermesh/node/relay-binding/v1', utf8(circuit), utf8(from), utf8(to)),
    async openStream() {
      if (isClosed) throw new StoqError({ code: 'stoq/closed', what: 'peer' });
      const inner = await through.openStream(wayStream);
      const outgoing = carried(inner);
      await inner.write(encodeHeader({ circuit, other: to }));
      if (isClosed) outgoing.reset();
      return outgoing;
    },
    acceptStream: () => incoming.next(),
    rttMs: () => undefined,
    close,
    closed: closed.promise,
    watch() {
      const over = async () => {
        while ((await reader.next()) !== undefined);
      };
      over().then(close, close);
    },
    take(inner, from_) {
      if (!incoming.push(carried(inner, from_))) inner.abort();
    },
  };
}

interface Queue<T> {
  push(item: T): boolean;
  next(): Promise<T | undefined>;
  end(): void;
}

/** A queue for one reader; after `end` it drains. */
function createQueue<T>(): Queue<T> {
  const items: T[] = [];
  let reader: ((item: T | undefined) => void) | undefined;
  let hasEnded = false;
  return {
    push(item) {
      if (hasEnded) return false;
      if (reader === undefined) items.push(item);
      else reader(item);
      reader = undefined;
      return true;
    },
    next() {
      const item = items.shift();
      if (item !== undefined || hasEnded) return Promise.resolve(item);
      return new Promise((resolve) => {
        reader = resolve;
      });
    },
    end() {
      hasEnded = true;
      reader?.(undefined);
      reader = undefined;
    },
  };
}
