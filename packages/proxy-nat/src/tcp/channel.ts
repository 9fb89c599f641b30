import { createConnection, createServer, type Socket } from 'node:net';
import { type Channel, type ChannelSink, maxFrameBytes } from '../channel.ts';
import { ProxyNatError } from '../errors.ts';
import { allocate } from '../wire/slab.ts';

const prefixBytes = 4;
/** Frames up to this size are joined with their length into one buffer; larger ones are written beside it. */
const joinedBytes = 65_536;

const readBytes = 256 * 1024;

/** A listener for TCP channels. */
export interface TcpListener extends AsyncDisposable {
  readonly port: number;
  close(): Promise<void>;
}

/** Hears of what a socket read into its one buffer, which is used again after the call. */
interface Reader {
  receive: ((chunk: Buffer) => void) | undefined;
  /** What came before anybody listened; the socket is paused then. */
  early: Buffer | undefined;
}

/** Frames over one TCP connection, each after its length in 4 bytes, big-endian. A length out of bounds ends it. */
function tcpChannel(socket: Socket, reader?: Reader): Channel {
  const isReused = reader !== undefined;
  let sink: ChannelSink | undefined;
  let rest: Buffer | undefined;
  let room: PromiseWithResolvers<void> | undefined;
  socket.setNoDelay(true);
  if (reader === undefined) socket.pause();

  /** Cuts a chunk into frames; a frame that goes on is collected in place, so that its bytes are copied once. */
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
        unfinished = { frame: allocate(length), filled: bytes.length - prefixBytes };
        unfinished.frame.set(bytes.subarray(prefixBytes));
        return;
      }
      deliver(bytes.subarray(prefixBytes, end));
      bytes = bytes.subarray(end);
    }
    if (bytes.length > 0) rest = owned(bytes);
  }

  const owned = (bytes: Buffer): Buffer => {
    if (!isReused) return bytes;
    const copy = allocate(bytes.length);
    copy.set(bytes);
    return copy;
  };
  const deliver = (bytes: Buffer): void => sink?.frame(owned(bytes));

  let unfinished: { readonly frame: Buffer; filled: number } | undefined;
  function receive(chunk: Buffer): void {
    if (unfinished === undefined) {
      take(chunk);
      return;
    }
    const part = chunk.subarray(0, unfinished.frame.length - unfinished.filled);
    unfinished.frame.set(part, unfinished.filled);
    unfinished.filled += part.length;
    if (unfinished.filled < unfinished.frame.length) return;
    const { frame } = unfinished;
    unfinished = undefined;
    sink?.frame(frame);
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
      if (reader === undefined) socket.on('data', receive);
      else {
        reader.receive = receive;
        if (reader.early !== undefined) receive(reader.early);
        reader.early = undefined;
      }
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
      const joined = allocate(prefixBytes + (frame.length > joinedBytes ? 0 : frame.length));
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
    const reader: Reader = { receive: undefined, early: undefined };
    // One buffer for all reads: Node otherwise makes a fresh one of 64 KiB for each.
    const onread = {
      buffer: Buffer.allocUnsafeSlow(readBytes),
      callback(count: number, buffer: Uint8Array) {
        const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, count);
        if (reader.receive === undefined)
          reader.early = Buffer.concat([reader.early ?? Buffer.alloc(0), bytes]);
        else reader.receive(bytes);
        return reader.receive !== undefined;
      },
    };
    const socket = createConnection({
      onread,
      host: options.host ?? '::1',
      port: options.port,
      allowHalfOpen: true,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const refuse = (cause: Error) => reject(unreachable('connect', cause));
    socket.once('error', refuse);
    socket.once('connect', () => {
      socket.off('error', refuse);
      resolve(tcpChannel(socket, reader));
    });
  });
}

const unreachable = (reason: string, cause: Error): ProxyNatError =>
  new ProxyNatError({ code: 'proxy-nat/channel', reason }, `TCP channel: ${reason}`, { cause });
