import type { Log, NodeId } from '@hypermesh/core';
import { createRelay, type Relay, type RelayLeg } from '@hypermesh/proxy-nat';
import type { ByteStream, Peer, StoqNode } from '@hypermesh/stoq';
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

/** How long the other member may take to accept a stream, milliseconds. */
const answerMs = 5_000;

/** One end of a way as the relay holds it. */
function legOf(stream: ByteStream<Peer>, reader: StreamReader = readerOf(stream)): RelayLeg {
  return {
    read: () => reader.next(),
    write: (bytes) => stream.write(bytes),
    closeWrite: () => stream.closeWrite(),
    abort: () => stream.abort(),
  };
}

/**
 * Relays between members that this node has direct sessions with. Members only, within the relay's bounds; what it
 * carries is sealed between its ends. Returns "stop".
 */
export function serveRelay(
  stoq: StoqNode,
  { log, relay = createRelay() }: { readonly log: Log; readonly relay?: Relay },
): () => void {
  /** The newest direct session: a relay never goes through another one. */
  const sessionWith = (member: string): Peer | undefined =>
    stoq.peers.findLast(
      (peer) => peer.id === member && !isEnrolling(peer.identity) && !peer.address.startsWith('relay:'),
    );

  async function serveOpen(stream: ByteStream<Peer>, peer: Peer): Promise<void> {
    const reader = readerOf(stream);
    const asked = await readHeader(reader);
    const target = asked.ok ? sessionWith(asked.other) : undefined;
    if (!asked.ok || target === undefined) {
      stream.abort();
      return;
    }
    const opened = relay.open({ id: asked.circuit, from: peer.id, to: asked.other });
    if (!opened.ok) {
      log.warn('relay.refused', { from: peer.id, to: asked.other, reason: opened.reason });
      stream.abort();
      return;
    }
    const { circuit } = opened;
    try {
      const offer = await target.openStream(offerStream, { signal: AbortSignal.timeout(answerMs) });
      await offer.write(encodeHeader({ circuit: asked.circuit, other: peer.id as NodeId }));
      log.info('relay.circuit', { from: peer.id, to: asked.other });
      // The circuit lives as long as the stream that asked for it, and no longer than either session.
      const joined = circuit.join(legOf(stream, reader), legOf(offer));
      await Promise.race([joined, peer.closed, target.closed]);
    } finally {
      circuit.close();
      stream.abort();
      log.info('relay.ended', { from: peer.id, to: asked.other, bytes: circuit.bytes });
    }
  }

  async function serveWay(stream: ByteStream<Peer>, peer: Peer): Promise<void> {
    const reader = readerOf(stream);
    const asked = await readHeader(reader);
    const circuit = asked.ok ? relay.find(asked.circuit) : undefined;
    const other = circuit?.otherEnd(peer.id);
    const target = other === undefined ? undefined : sessionWith(other);
    if (!asked.ok || circuit === undefined || target === undefined) {
      stream.abort();
      return;
    }
    const onward = await target.openStream(onwardStream, { signal: AbortSignal.timeout(answerMs) });
    await onward.write(encodeHeader({ circuit: circuit.id, other: peer.id as NodeId }));
    const joined = circuit.join(legOf(stream, reader), legOf(onward));
    if (joined !== undefined) return joined;
    stream.abort();
    onward.abort();
  }

  const notAMember = new Error('not a member');
  const guarded =
    (serve: (stream: ByteStream<Peer>, peer: Peer) => Promise<void>) =>
    (stream: ByteStream<Peer>, peer: Peer): void => {
      const served = isEnrolling(peer.identity) ? Promise.reject(notAMember) : serve(stream, peer);
      served.catch((error: unknown) => {
        stream.abort();
        log.debug('relay.broken', { peer: peer.id, message: String(error) });
      });
    };
  const offOpen = stoq.handleStream(openStream, guarded(serveOpen));
  const offWay = stoq.handleStream(wayStream, guarded(serveWay));
  return () => {
    offOpen();
    offWay();
    relay.close();
  };
}
