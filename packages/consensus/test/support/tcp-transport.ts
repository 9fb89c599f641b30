import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Transport, TransportReceiver } from '../../src/index.ts';

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const REDIAL_MS = 50;

/** Validators over TCP on one machine, each naming itself without proof: for tests and benches only. */
export interface TcpTransport extends Transport {
  readonly port: number;
  /** Where the others listen now. */
  dial(ports: readonly number[]): void;
  close(): void;
}

export async function openTcpTransport(index: number): Promise<TcpTransport> {
  let receiver: TransportReceiver | undefined;
  const outgoing = new Map<number, { port: number; socket: Socket; isUp: boolean }>();
  const incoming = new Set<Socket>();
  let isClosed = false;

  const server: Server = createServer((socket) => {
    incoming.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => incoming.delete(socket));
    let from: number | undefined;
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= 4) {
        const length = rest.readUInt32BE(0);
        if (length > MAX_MESSAGE_BYTES) return socket.destroy();
        if (rest.length < 4 + length) return;
        const message = rest.subarray(4, 4 + length);
        rest = rest.subarray(4 + length);
        if (from === undefined) from = message.readUInt16BE(0);
        else receiver?.message(from, new Uint8Array(message));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  const address = server.address();

  const dial = (peer: number, port: number): void => {
    const socket = connect(port, '::1');
    const link = { port, socket, isUp: false };
    outgoing.set(peer, link);
    socket.setNoDelay(true);
    socket.on('connect', () => {
      link.isUp = true;
      const hello = Buffer.alloc(6);
      hello.writeUInt32BE(2, 0);
      hello.writeUInt16BE(index, 4);
      socket.write(hello);
      receiver?.connected(peer);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (isClosed || outgoing.get(peer) !== link) return;
      setTimeout(() => {
        if (!isClosed && outgoing.get(peer) === link) dial(peer, port);
      }, REDIAL_MS);
    });
  };

  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    send(to, message) {
      const link = outgoing.get(to);
      if (link === undefined || !link.isUp || link.socket.writableLength > MAX_BUFFERED_BYTES) return;
      const { socket } = link;
      if (socket.writableCorked === 0) {
        socket.cork();
        queueMicrotask(() => socket.uncork());
      }
      const head = Buffer.allocUnsafe(4);
      head.writeUInt32BE(message.length, 0);
      socket.write(head);
      socket.write(message);
    },
    listen(next) {
      receiver = next;
      for (const [peer, { isUp }] of outgoing) if (isUp) queueMicrotask(() => next.connected(peer));
      return () => {
        receiver = undefined;
      };
    },
    peers: () =>
      [...outgoing].filter(([, { isUp, socket }]) => isUp && !socket.destroyed).map(([peer]) => peer),
    dial(ports) {
      ports.forEach((port, peer) => {
        if (peer === index || outgoing.get(peer)?.port === port || port === 0) return;
        const before = outgoing.get(peer);
        outgoing.delete(peer);
        before?.socket.destroy();
        dial(peer, port);
      });
    },
    close() {
      isClosed = true;
      server.close();
      for (const { socket } of outgoing.values()) socket.destroy();
      for (const socket of incoming) socket.destroy();
    },
  };
}
