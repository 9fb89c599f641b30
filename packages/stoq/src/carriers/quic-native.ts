import { StoqError } from '../errors.ts';

/** What we use of the native layer of @chainsafe/libp2p-quic, which its package does not export. */
export interface NativeQuic {
  readonly QuinnConfig: new (config: QuinnOptions) => QuinnConfig;
  /** `family` 0 is IPv4, 1 is IPv6. */
  readonly Client: new (
    config: QuinnConfig,
    family: 0 | 1,
  ) => NativeClient;
  readonly Server: new (config: QuinnConfig, ip: string, port: number) => NativeServer;
}

/** What the native layer is configured with: milliseconds and bytes. A listener ignores the buffer sizes; handshakeTimeout is not used at all. */
interface QuinnOptions {
  readonly privateKeyProto: Uint8Array;
  readonly handshakeTimeout: number;
  readonly maxIdleTimeout: number;
  readonly keepAliveInterval: number;
  readonly maxConcurrentStreamLimit: number;
  readonly maxStreamData: number;
  readonly maxConnectionData: number;
  readonly receiveBufferSize: number;
  readonly sendBufferSize: number;
}

export type QuinnConfig = object;

/** A UDP socket that dials, of one address family and one transport key. */
interface NativeClient {
  outboundConnection(ip: string, port: number): Promise<NativeConnection>;
  abort(): void;
}

/** A bound UDP socket; each `inboundConnection` awaits one connection to the end of its QUIC handshake. */
export interface NativeServer {
  inboundConnection(): Promise<NativeConnection>;
  /** Panics, and so ends the process, after `abort`: asked once at the start. */
  port(): number;
  abort(): Promise<void>;
}

/** A QUIC connection whose TLS handshake is over. */
export interface NativeConnection {
  inboundStream(): Promise<NativeStream>;
  outboundStream(): Promise<NativeStream>;
  remoteMultiaddr(): string;
  rtt(): number;
  abort(): void;
  closed(): Promise<void>;
}

/** A bidirectional QUIC stream. */
export interface NativeStream {
  read(maxBytes: number): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
  finishWrite(): Promise<void>;
  resetWrite(): Promise<void>;
  /** Waits for a read that is under way. */
  stopRead(): Promise<void>;
}

const CONTRACT: Readonly<Record<string, readonly string[]>> = {
  QuinnConfig: [],
  Client: ['outboundConnection', 'abort'],
  Server: ['inboundConnection', 'port', 'abort'],
  Connection: ['inboundStream', 'outboundStream', 'remoteMultiaddr', 'rtt', 'abort', 'closed'],
  Stream: ['read', 'write', 'finishWrite', 'resetWrite', 'stopRead'],
};

/** Which names of the contract a loaded module lacks; empty means that it can be used. */
export function missingFromNative(module: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(CONTRACT).flatMap(([name, methods]) => {
    const exported = module[name];
    if (typeof exported !== 'function') return [name];
    return methods
      .filter((method) => typeof exported.prototype?.[method] !== 'function')
      .map((method) => `${name}.${method}`);
  });
}

let loaded: Promise<NativeQuic> | undefined;

/** Loads the addon once. Throws `stoq/carrier-unavailable` where it has no build for this platform or has changed its shape. */
export function loadNativeQuic(): Promise<NativeQuic> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<NativeQuic> {
  try {
    const entry = import.meta.resolve('@chainsafe/libp2p-quic');
    const module = (await import(new URL('./napi.js', entry).href)) as Record<string, unknown>;
    const missing = missingFromNative(module);
    if (missing.length > 0) throw new Error(`the native layer lacks ${missing.join(', ')}`);
    return module as unknown as NativeQuic;
  } catch (error) {
    loaded = undefined;
    throw new StoqError(
      { code: 'stoq/carrier-unavailable', carrier: 'quic', detail: String(error) },
      'QUIC is not available here: @chainsafe/libp2p-quic did not load. Use another carrier or install it for this platform.',
      { cause: error },
    );
  }
}
