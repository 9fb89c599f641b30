import type { Transport } from '@hypermesh/consensus';
import type { Clock, Log, NodeId } from '@hypermesh/core';
import type { MessageStream, Peer, StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from './authenticator.ts';

const streamName = 'ledger/consensus/1';
/** Bytes that wait for one validator before further messages to it are dropped; the engine sends again. */
const maxQueuedBytes = 8 * 1024 * 1024;

/** Time after which a stream that could not be opened, or broke, is tried again: the other node may not be so far. */
const reopenMs = 500;

interface Lane {
  readonly index: number;
  readonly node: NodeId;
  queue: Uint8Array[];
  queuedBytes: number;
  stream: MessageStream<Peer> | undefined;
  isOpening: boolean;
  isPumping: boolean;
  /** Cancels the next attempt, where one is planned. */
  cancelRetry: (() => void) | undefined;
}

/**
 * Carries consensus messages over STOQ: one message stream to each validator over whatever session is open, opened
 * again with the next session, or over the same one where only the stream broke. `validators` holds NodeIds by
 * validator index. Messages from anybody else are not heard.
 */
export function stoqTransport(
  stoq: StoqNode,
  self: NodeId,
  validators: readonly NodeId[],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Transport & Disposable {
  const lanes = new Map<NodeId, Lane>();
  for (const [index, node] of validators.entries()) {
    if (node === self) continue;
    const state = { stream: undefined, isOpening: false, isPumping: false, cancelRetry: undefined };
    lanes.set(node, { index, node, queue: [], queuedBytes: 0, ...state });
  }
  const receivers = new Set<Parameters<Transport['listen']>[0]>();
  let isClosed = false;

  const laneOf = (peer: Peer) => (isEnrolling(peer.identity) ? undefined : lanes.get(peer.id as NodeId));
  const openSession = (lane: Lane) => stoq.peers.find((peer) => laneOf(peer) === lane);

  /** Opens a lane that is not, over any session that is there; none: `onPeer` tells of the next. */
  async function open(lane: Lane): Promise<void> {
    const peer = openSession(lane);
    if (isClosed || peer === undefined || lane.isOpening || lane.stream !== undefined) return;
    lane.isOpening = true;
    lane.cancelRetry?.();
    let stream: MessageStream<Peer>;
    try {
      stream = await peer.openMessages(streamName);
    } catch (error) {
      log.debug('ledger.stream-refused', { peer: peer.id, message: String(error) });
      retry(lane);
      return;
    } finally {
      lane.isOpening = false;
    }
    if (isClosed) {
      stream.abort();
      return;
    }
    lane.stream = stream;
    for (const receiver of receivers) receiver.connected(lane.index);
    void watch(lane, stream);
  }

  /** The other side sends on a stream of its own: that this one has come to its end is all there is to read. */
  async function watch(lane: Lane, stream: MessageStream<Peer>): Promise<void> {
    try {
      for await (const _ of stream) break;
    } catch (error) {
      log.debug('ledger.stream-ended', { validator: lane.index, message: String(error) });
    }
    dropped(lane, stream);
  }

  function dropped(lane: Lane, stream: MessageStream<Peer>): void {
    stream.abort();
    if (lane.stream !== stream) return;
    lane.stream = undefined;
    lane.queue = [];
    lane.queuedBytes = 0;
    retry(lane);
  }

  function retry(lane: Lane): void {
    lane.cancelRetry?.();
    lane.cancelRetry = isClosed ? undefined : clock.schedule(reopenMs, () => void open(lane));
  }

  async function pump(lane: Lane, stream: MessageStream<Peer>): Promise<void> {
    if (lane.isPumping) return;
    lane.isPumping = true;
    try {
      while (lane.stream === stream) {
        const message = lane.queue.shift();
        if (message === undefined) return;
        lane.queuedBytes -= message.length;
        await stream.send(message);
      }
    } catch (error) {
      log.debug('ledger.send-failed', { validator: lane.index, message: String(error) });
      dropped(lane, stream);
    } finally {
      lane.isPumping = false;
      if (lane.stream !== undefined && lane.stream !== stream) void pump(lane, lane.stream);
    }
  }

  const offPeer = stoq.onPeer((peer) => {
    const lane = laneOf(peer);
    if (lane !== undefined) void open(lane);
  });
  const offMessages = stoq.handleMessages(streamName, async (stream, peer) => {
    const lane = laneOf(peer);
    if (lane === undefined) return stream.abort();
    // Whoever sends also hears: what was refused before is worth another attempt now.
    void open(lane);
    for await (const message of stream) {
      for (const receiver of receivers) receiver.message(lane.index, message);
    }
  });
  for (const lane of lanes.values()) void open(lane);
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
      isClosed = true;
      offPeer();
      offMessages();
      for (const lane of lanes.values()) {
        lane.cancelRetry?.();
        lane.stream?.abort();
      }
    },
  };
}
