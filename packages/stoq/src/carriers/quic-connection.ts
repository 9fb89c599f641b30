import { StoqError } from '../errors.ts';
import type { CarrierConnection } from '../ports.ts';
import type { NativeConnection, NativeStream } from './quic-native.ts';
import { type ConnectionReads, QuicStream } from './quic-stream.ts';

/** Which end we are, by our own transport key; `onClosed` releases what belongs to this connection alone. */
export interface QuicSide {
  readonly dialer?: string;
  readonly listener?: string;
  readonly onClosed?: () => void;
}

const REMOTE = /^\/(ip4|ip6)\/([^/]+)\/udp\/([0-9]+)\/quic-v1\/p2p\/([1-9A-HJ-NP-Za-km-z]+)$/;

/** Wraps a native connection. Binding: `quic`, 0, dialer's PeerId, 0, listener's PeerId, as text; TLS proved both keys. */
export function quicConnection(native: NativeConnection, side: QuicSide): CarrierConnection {
  const [, family, host, port, remotePeer] = REMOTE.exec(native.remoteMultiaddr()) ?? [];
  if (remotePeer === undefined) {
    native.abort();
    throw new StoqError({
      code: 'stoq/carrier-unavailable',
      carrier: 'quic',
      detail: 'the native layer did not name the remote PeerId',
    });
  }
  const dialer = side.dialer ?? remotePeer;
  const listener = side.listener ?? remotePeer;
  const reads: ConnectionReads = { waiting: 0 };
  let isClosed = false;
  let spare: Promise<NativeStream> | undefined;
  /**
   * Opens a stream ahead of its use, which saves a turn of the native layer. One after another, in the order of their use: a stream's
   * first byte opens every lower one for the other end, which must not meet one that nobody uses.
   */
  const takeStream = (): Promise<NativeStream> => {
    const taken = spare ?? native.outboundStream();
    spare = taken.then(() => native.outboundStream());
    // Its failure is told by the use that takes it; until then it must not count as unhandled.
    spare.catch(() => {});
    return taken;
  };
  const closed = native.closed().then(
    () => {
      isClosed = true;
      side.onClosed?.();
    },
    () => {
      isClosed = true;
      side.onClosed?.();
    },
  );
  return {
    carrier: 'quic',
    remoteAddress: `quic://${family === 'ip6' ? `[${host}]` : host}:${port}`,
    binding: new TextEncoder().encode(`quic\0${dialer}\0${listener}`),
    async openStream() {
      if (isClosed) throw new StoqError({ code: 'stoq/closed', what: 'peer' });
      try {
        return new QuicStream(await takeStream(), reads);
      } catch (error) {
        throw new StoqError({ code: 'stoq/closed', what: 'peer' }, undefined, { cause: error });
      }
    },
    async acceptStream() {
      try {
        return new QuicStream(await native.inboundStream(), reads);
      } catch {
        // The native layer has one failure here: the connection has ended, which `closed` tells with certainty.
        return undefined;
      }
    },
    rttMs: () => (isClosed ? undefined : native.rtt()),
    close: () => native.abort(),
    closed,
  };
}
