import type { Clock } from '@hypermesh/core';
import type { Peer, StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from '../adapters/authenticator.ts';

/** Most sessions of machines without a certificate at once, and how long each may last. */
const maxSessions = 16;
const longestMs = 45_000;

/** Keeps machines that are no members from holding the sessions that members need: few at once, each for a while. */
export function limitEnrolling(stoq: StoqNode, clock: Clock): () => void {
  const open = new Map<Peer, () => void>();
  const off = stoq.onPeer((peer) => {
    if (!isEnrolling(peer.identity)) return;
    if (open.size >= maxSessions) return void peer.close();
    const cancel = clock.schedule(longestMs, () => void peer.close());
    open.set(peer, cancel);
    void peer.closed.then(() => {
      cancel();
      open.delete(peer);
    });
  });
  return () => {
    off();
    for (const cancel of open.values()) cancel();
  };
}
