import type { Transport } from '@hypermesh/consensus';
import type { Log, NodeId } from '@hypermesh/core';
import type { MessageStream, Peer, StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from './authenticator.ts';

const streamName = 'ledger/consensus/1';
/** Bytes that wait for one validator before further messages to it are dropped; the engine sends again. */
const maxQueuedBytes = 8 * 1024 * 1024;

interface Lane {
  readonly index: number;
  queue: Uint8Array[];
  queuedBytes: number;
  stream: MessageStream<Peer> | undefined;
  opening: boolean;
}

/**
 * Carries consensus messages over STOQ: one message stream to each validator over whatever session is open, opened
 * again with the next session. `validators` holds NodeIds by validator index.
 */
export function stoqTransport(
  stoq: StoqNode,
  self: NodeId,
  validators: readonly NodeId[],
  log: Log,
): Transport & Disposable {
  const lanes = new Map<NodeId, Lane>();
  for (const [index, node] of validators.entries()) {
    if (node === self) continue;
    lanes.set(node, { index, queue: [], queuedBytes: 0, stream: undefined, opening: false });
  }
  const receivers = new Set<Parameters<Transport['listen']>[0]>();
  let closed = false;

  const laneOf = (peer: Peer) => (isEnrolling(peer.identity) ? undefined : lanes.get(peer.id as NodeId));

  async function open(lane: Lane, peer: Peer): Promise<void> {
    if (closed || lane.opening || lane.stream !== undefined) return;
    lane.opening = true;
    try {
      const stream = await peer.openMessages(streamName);
      if (closed) return stream.abort();
      lane.stream = stream;
    } catch (error) {
      log.debug('ledger.stream-refused', { peer: peer.id, message: String(error) });
      return;
    } finally {
      lane.opening = false;
    }
    for (const receiver of receivers) receiver.connected(lane.index);
    void pump(lane, lane.stream);
    void peer.closed.then(() => reopen(lane, peer));
  }

  /** A session ended: another one with the same validator may be open already. */
  function reopen(lane: Lane, ended: Peer): void {
    lane.stream = undefined;
    lane.queue = [];
    lane.queuedBytes = 0;
    const other = stoq.peers.find((peer) => peer !== ended && peer.id === ended.id && laneOf(peer) === lane);
    if (other !== undefined) void open(lane, other);
  }

  const pumping = new Set<Lane>();
  async function pump(lane: Lane, stream: MessageStream<Peer>): Promise<void> {
    if (pumping.has(lane)) return;
    pumping.add(lane);
    try {
      while (lane.stream === stream) {
        const message = lane.queue.shift();
        if (message === undefined) return;
        lane.queuedBytes -= message.length;
        await stream.send(message);
      }
    } catch (error) {
      // The session is ending; `reopen` follows with its close.
      log.debug('ledger.send-failed', { validator: lane.index, message: String(error) });
      if (lane.stream === stream) stream.abort();
    } finally {
      pumping.delete(lane);
    }
  }

  const offPeer = stoq.onPeer((peer) => {
    const lane = laneOf(peer);
    if (lane !== undefined) void open(lane, peer);
  });
  const offMessages = stoq.handleMessages(streamName, async (stream, peer) => {
    const lane = laneOf(peer);
    if (lane === undefined) return stream.abort();
    for await (const message of stream) {
      for (const receiver of receivers) receiver.message(lane.index, message);
    }
  });
  for (const peer of stoq.peers) {
    const lane = laneOf(peer);
    if (lane !== undefined) void open(lane, peer);
  }
  const byIndex = new Map([...lanes.values()].map((lane) => [lane.index, lane]));

  return {
    send(to, message) {
      const lane = byIndex.get(to);
      if (lane?.stream === undefined || lane.queuedBytes + message.length > maxQueuedBytes) return;
      lane.queue.push(message);
      lane.queuedBytes += message.length;
      void pump(lane, lane.stream);
    },
    listen(receiver) {
      receivers.add(receiver);
      return () => {
        receivers.delete(receiver);
      };
    },
    peers: () => [...byIndex.values()].filter(({ stream }) => stream !== undefined).map(({ index }) => index),
    [Symbol.dispose]() {
      closed = true;
      offPeer();
      offMessages();
      for (const lane of lanes.values()) lane.stream?.abort();
    },
  };
}
