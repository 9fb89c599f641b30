import type { Transport } from '@hypermesh/consensus';
import type { Clock, Log, NodeId } from '@hypermesh/core';
import type { Peer, StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from './authenticator.ts';
import { createLane } from './consensus-lane.ts';

const streamName = 'ledger/consensus/1';

/** Carries consensus messages over STOQ, one lane to each validator. `validators` holds NodeIds by validator index. */
export function stoqTransport(
  stoq: StoqNode,
  members: { readonly self: NodeId; readonly validators: readonly NodeId[] },
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Transport & Disposable {
  const receivers = new Set<Parameters<Transport['listen']>[0]>();
  const indexOf = new Map(members.validators.map((node, index) => [node, index]));
  const indexOfPeer = (peer: Peer) =>
    isEnrolling(peer.identity) ? undefined : indexOf.get(peer.id as NodeId);

  const lanes = new Map(
    [...indexOf.values()]
      .filter((index) => members.validators[index] !== members.self)
      .map((index) => [
        index,
        createLane({
          streamName,
          clock,
          log,
          session: () => stoq.peers.findLast((peer) => indexOfPeer(peer) === index),
          onOpen: () => {
            for (const receiver of receivers) receiver.connected(index);
          },
        }),
      ]),
  );
  const laneOf = (peer: Peer) => lanes.get(indexOfPeer(peer) ?? -1);

  /** Streams of others: with this transport they end, so that the next one on the same sessions is sent to. */
  const inbound = new Set<{ abort(): void }>();
  const offPeer = stoq.onPeer((peer) => laneOf(peer)?.nudge());
  const offMessages = stoq.handleMessages(streamName, async (stream, peer) => {
    const index = indexOfPeer(peer);
    if (index === undefined) return stream.abort();
    // Whoever opens a stream takes part in consensus by now, and will not refuse ours.
    laneOf(peer)?.nudge();
    inbound.add(stream);
    try {
      for await (const message of stream) {
        for (const receiver of receivers) receiver.message(index, message);
      }
    } finally {
      inbound.delete(stream);
    }
  });

  return {
    send: (to, message) => lanes.get(to)?.send(message),
    listen(receiver) {
      receivers.add(receiver);
      return () => {
        receivers.delete(receiver);
      };
    },
    peers: () => [...lanes].flatMap(([index, lane]) => (lane.isOpen ? [index] : [])),
    [Symbol.dispose]() {
      offPeer();
      offMessages();
      for (const stream of inbound) stream.abort();
      for (const lane of lanes.values()) lane[Symbol.dispose]();
    },
  };
}
