import { createConnection, createServer, type Socket } from 'node:net';
import { type Channel, type ChannelSink, maxFrameBytes } from '../channel.ts';
import { ProxyNatError } from '../errors.ts';

const prefixBytes = 4;
/** Frames up to this size are joined with their length into one buffer; larger ones are written beside it. */
const joinedBytes = 65_536;

/** A listener for TCP channels. */
export interface TcpListener extends AsyncDisposable {
  readonly port: number;
  close(): Promise<void>;
}

/** Frames over one TCP connection, each after its length in 4 bytes, big-endian. A length out of bounds ends it. */
function tcpChannel(socket: Socket): Channel {
  let sink: ChannelSink | undefined;
  let rest: Buffer | undefined;
  let room: PromiseWithResolvers<void> | undefined;
  socket.setNoDelay(true);
  socket.pause();

  function take(chunk: Buffer): void {
    let bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    rest = undefined;
    while (bytes.length >= prefixBytes) {
      const length = bytes.readUInt32BE(0);
      if (length < 1 || length > maxFrameBytes) {
        socket.destroy();
        return;
      }
      const end = prefixBytes + length;
      if (bytes.length < end) {
        gather(bytes, end);
        return;
      }
      sink?.frame(bytes.subarray(prefixBytes, end));
      bytes = bytes.subarray(end);
    }
    if (bytes.length > 0) rest = bytes;
  }

  /** Collects a large frame piece by piece, so that its bytes are copied once. */
  let large: { readonly frame: Buffer; filled: number } | undefined;
  function gather(bytes: Buffer, end: number): void {
    if (end <= joinedBytes) {
      rest = bytes;
      return;
    }
    large = { frame: Buffer.allocUnsafe(end), filled: bytes.length };
    large.frame.set(bytes);
  }

  function receive(chunk: Buffer): void {
    if (large === undefined) {
      take(chunk);
      return;
    }
    const part = chunk.subarray(0, large.frame.length - large.filled);
    large.frame.set(part, large.filled);
    large.filled += part.length;
    if (large.filled < large.frame.length) return;
    const { frame } = large;
    large = undefined;
    sink?.frame(frame.subarray(prefixBytes));
    if (part.length < chunk.length) take(chunk.subarray(part.length));
  }

  socket.on('drain', () => {
    room?.resolve();
    room = undefined;
  });
  // The close that follows an error tells the other side of this channel all that it is to know.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    room?.resolve();
    sink?.closed();
    sink = undefined;
  });
  return {
    start(given) {
      if (socket.closed) {
        given.closed();
        return;
      }
      sink = given;
      socket.on('data', receive);
      socket.on('end', () => socket.end());
      socket.resume();
    },
    send(frame) {
      if (frame.length < 1 || frame.length > maxFrameBytes)
        throw new ProxyNatError(
          { code: 'proxy-nat/channel', reason: 'frame-size' },
          'a frame has 1 byte to 1 MiB',
        );
      if (!socket.writable) return undefined;
      const joined = Buffer.allocUnsafe(prefixBytes + (frame.length > joinedBytes ? 0 : frame.length));
      joined.writeUInt32BE(frame.length);
      let hasRoom: boolean;
      if (frame.length > joinedBytes) {
        socket.cork();
        socket.write(joined);
        hasRoom = socket.write(frame);
        socket.uncork();
      } else {
        joined.set(frame, prefixBytes);
        hasRoom = socket.write(joined);
      }
      if (hasRoom) return undefined;
      room ??= Promise.withResolvers<void>();
      return room.promise;
    },
    close() {
      if (!socket.destroyed) socket.end(() => socket.destroy());
    },
  };
}

/**
 * Listens for TCP channels; the system chooses the port unless told. Nothing is encrypted and nobody is authenticated:
 * for one machine, or behind something that does both.
 */
export function listenTcp(
  options: { readonly host?: string; readonly port?: number; readonly signal?: AbortSignal },
  accept: (channel: Channel) => void,
): Promise<TcpListener> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    accept(tcpChannel(socket));
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(unreachable('listen', cause)));
    server.listen({ host: options.host ?? '::1', port: options.port ?? 0, signal: options.signal }, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      resolve({ port, close, [Symbol.asyncDispose]: close });
    });
  });
}

/** Opens a TCP channel. Rejects with `proxy-nat/channel` where nothing listens. */
export function connectTcp(options: {
  readonly host?: string;
  readonly port: number;
  readonly signal?: AbortSignal;
}): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({
      host: options.host ?? '::1',
      port: options.port,
      allowHalfOpen: true,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const refuse = (cause: Error) => reject(unreachable('connect', cause));
    socket.once('error', refuse);
    socket.once('connect', () => {
      socket.off('error', refuse);
      resolve(tcpChannel(socket));
    });
  });
}

const unreachable = (reason: string, cause: Error): ProxyNatError =>
  new ProxyNatError({ code: 'proxy-nat/channel', reason }, `TCP channel: ${reason}`, { cause });
