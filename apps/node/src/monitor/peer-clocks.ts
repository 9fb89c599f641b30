import type { Clock, NodeId } from '@hypermesh/core';
import type { Peer, StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from '../adapters/authenticator.ts';
import { handleForMembers } from '../mesh/members.ts';

/** Asks what time it is; the answer is Unix milliseconds as `u64`. */
const timeRequest = 'mesh/time/1';
const everyMs = 60_000;
/** An answer that took longer says too little. */
const maxRoundMs = 2_000;

/** How far the members' clocks are from this one, asked every minute. */
export interface PeerClocks extends Disposable {
  /** The median of what they said less what it is here, seconds; NaN where none answered lately. */
  offsetSeconds(): number;
  /** Asks all that are connected now. */
  ask(): Promise<void>;
}

/** Tells members the time and asks them. */
export function watchPeerClocks(stoq: StoqNode, clock: Clock): PeerClocks {
  let offsets: readonly number[] = [];
  let cancel = clock.schedule(everyMs, turn);
  const off = handleForMembers(stoq, timeRequest, () => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(Math.max(0, Math.floor(clock.nowMs()))));
    return bytes;
  });

  async function offsetOf(peer: Peer): Promise<number | undefined> {
    const [startedMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
    const answer = await peer.request(timeRequest, new Uint8Array(), { deadlineMs: maxRoundMs, maxBytes: 8 });
    const roundMs = clock.monotonicMs() - monotonicMs;
    if (!answer.ok || answer.body.length !== 8 || roundMs > maxRoundMs) return undefined;
    const { buffer, byteOffset } = answer.body;
    const said = Number(new DataView(buffer, byteOffset).getBigUint64(0));
    return said - (startedMs + roundMs / 2);
  }

  async function ask(): Promise<void> {
    const one = new Map<NodeId, Peer>();
    for (const peer of stoq.peers) if (!isEnrolling(peer.identity)) one.set(peer.id as NodeId, peer);
    const found = await Promise.all([...one.values()].map(offsetOf));
    offsets = found.filter((offset) => offset !== undefined);
  }

  function turn(): void {
    // Requests do not reject but for misuse.
    void ask();
    cancel = clock.schedule(everyMs, turn);
  }

  return {
    ask,
    offsetSeconds() {
      const sorted = offsets.toSorted((a, b) => a - b);
      const middle = (sorted.length - 1) / 2;
      const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
      return low === undefined || high === undefined ? Number.NaN : (low + high) / 2000;
    },
    [Symbol.dispose]() {
      cancel();
      off();
    },
  };
}
