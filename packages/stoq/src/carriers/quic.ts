import { parseHostAddress } from '../address.ts';
import { StoqError } from '../errors.ts';
import type { Carrier, CarrierConnection, CarrierListener } from '../ports.ts';
import { AsyncQueue } from './queue.ts';
import { quicConnection } from './quic-connection.ts';
import { loadNativeQuic, type NativeQuic, type NativeServer, type QuinnConfig } from './quic-native.ts';
import { generateTransportKey, type TransportKey } from './transport-key.ts';

/** How a QUIC carrier is set. Windows bound what one connection may make this node hold unread. */
export interface QuicOptions {
  /** Allows IPv4 addresses; off by default. */
  readonly ipv4?: boolean;
  /** A connection over which nothing comes for so long is lost. Keep-alives go out at a third of it. Default 10 000. */
  readonly idleTimeoutMs?: number;
  /** Unread bytes of one stream, default 2 MiB: 160 MB/s at 13 ms round trip. */
  readonly streamWindowBytes?: number;
  /** Unread bytes of one connection, default 4 MiB. */
  readonly connectionWindowBytes?: number;
  /** Streams that the other end may have open on one connection, default 256. */
  readonly streams?: number;
}

/** Connections whose QUIC handshake the native layer may be in at the same time on one listener. */
const ACCEPTORS = 64;
const SOCKET_BUFFER = 4_000_000;

/**
 * QUIC v1 by @chainsafe/libp2p-quic's native layer (quinn), through our own stream adapter. Addresses: `quic://[::1]:4433`, port 0 for any.
 * TLS is libp2p's; each dial uses a fresh transport key. Must live on the main thread: a worker that loads the addon never ends.
 */
export function quicCarrier(options: QuicOptions = {}): Carrier {
  const ipv4 = options.ipv4 ?? false;
  let ready: DialConfig | undefined;
  /** Key and certificate of one dial each, made behind the dial before. */
  const takeConfig = (native: NativeQuic): DialConfig => {
    const taken = ready ?? dialConfig(native, options);
    ready = undefined;
    return taken;
  };
  return {
    kind: 'quic',
    async listen(address) {
      const { host, port } = parseHostAddress(address, 'quic', ipv4);
      return openListener(await loadNativeQuic(), { address, host, port, options });
    },
    async dial(address, { signal } = {}) {
      const { host, port, family } = parseHostAddress(address, 'quic', ipv4);
      const native = await loadNativeQuic();
      if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
      const { key, config } = takeConfig(native);
      const client = new native.Client(config, family === 4 ? 0 : 1);
      const abandon = () => client.abort();
      signal?.addEventListener('abort', abandon, { once: true });
      try {
        const connection = await client.outboundConnection(host, port);
        setImmediate(() => {
          ready ??= dialConfig(native, options);
        });
        return quicConnection(connection, { dialer: key.peerId, onClosed: abandon });
      } catch (error) {
        client.abort();
        if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' }, undefined, { cause: error });
        throw new StoqError({ code: 'stoq/unreachable', address, detail: String(error) }, undefined, {
          cause: error,
        });
      } finally {
        signal?.removeEventListener('abort', abandon);
      }
    },
  };
}

interface DialConfig {
  readonly key: TransportKey;
  readonly config: QuinnConfig;
}

function dialConfig(native: NativeQuic, options: QuicOptions): DialConfig {
  const key = generateTransportKey();
  return { key, config: configure(native, key, options) };
}

function configure(native: NativeQuic, key: TransportKey, options: QuicOptions): QuinnConfig {
  const idle = options.idleTimeoutMs ?? 10_000;
  return new native.QuinnConfig({
    privateKeyProto: key.privateKeyProto,
    handshakeTimeout: idle,
    maxIdleTimeout: idle,
    keepAliveInterval: Math.floor(idle / 3),
    maxConcurrentStreamLimit: options.streams ?? 256,
    maxStreamData: options.streamWindowBytes ?? 2 * 2 ** 20,
    maxConnectionData: options.connectionWindowBytes ?? 4 * 2 ** 20,
    receiveBufferSize: SOCKET_BUFFER,
    sendBufferSize: SOCKET_BUFFER,
  });
}

interface ListenerSetting {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly options: QuicOptions;
}

function openListener(native: NativeQuic, setting: ListenerSetting): CarrierListener {
  const key = generateTransportKey();
  const server = bind(native, key, setting);
  const address = setting.address.replace(/:[0-9]+$/, `:${server.port()}`);
  const incoming = new AsyncQueue<CarrierConnection>();
  const accepted = new Set<CarrierConnection>();
  let isClosed = false;
  let closing: Promise<void> | undefined;

  const acceptLoop = async () => {
    while (!isClosed) {
      try {
        const native = await server.inboundConnection();
        const connection = quicConnection(native, { listener: key.peerId });
        accepted.add(connection);
        void connection.closed.then(() => accepted.delete(connection));
        if (!incoming.push(connection)) connection.close();
      } catch {
        // One dialer's failed QUIC handshake says nothing about the listener; give other work a turn before the next.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  };
  for (let index = 0; index < ACCEPTORS; index += 1) void acceptLoop();

  return {
    address,
    accept: () => incoming.next(),
    close() {
      isClosed = true;
      incoming.end();
      for (const connection of accepted) connection.close();
      closing ??= server.abort();
      return closing;
    },
  };
}

function bind(
  native: NativeQuic,
  key: TransportKey,
  { address, host, port, options }: ListenerSetting,
): NativeServer {
  try {
    return new native.Server(configure(native, key, options), host, port);
  } catch (error) {
    throw new StoqError({ code: 'stoq/unreachable', address, detail: String(error) }, undefined, {
      cause: error,
    });
  }
}
