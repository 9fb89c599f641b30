import { type Log, type Random, toHex } from '@hypermesh/core';
import type { Peer, StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from '../adapters/authenticator.ts';
import { handleForMembers } from './members.ts';

/** Answered with what names the process: 16 random bytes of its start. */
const processRequest = 'mesh/process/1';
const nameBytes = 16;
/** What a process that is still there answers in, milliseconds. */
const patienceMs = 1_000;

/**
 * Ends the sessions with a member's process that is gone when its next one shows itself. The carrier alone misses a
 * process that was killed after its idle time, and whoever waits for an answer of the old one would wait as long. Where
 * the old one still answers, two processes run with the same keys: that is not for this end to decide.
 */
export function endSuperseded(
  stoq: Pick<StoqNode, 'peers' | 'onPeer' | 'handle'>,
  { random, log }: { readonly random: Random; readonly log: Log },
): () => void {
  const own = random.bytes(nameBytes);
  const processOf = new WeakMap<Peer, string>();

  async function nameOf(peer: Peer, deadlineMs?: number): Promise<string | undefined> {
    const options = deadlineMs === undefined ? {} : { deadlineMs };
    const answer = await peer.request(processRequest, undefined, options);
    return answer.ok && answer.body.length === nameBytes ? toHex(answer.body) : undefined;
  }

  async function learn(peer: Peer): Promise<void> {
    if (isEnrolling(peer.identity)) return;
    const name = await nameOf(peer);
    if (name === undefined) return;
    processOf.set(peer, name);
    // None where it has ended by now.
    const place = Math.max(0, stoq.peers.indexOf(peer));
    const earlier = stoq.peers.slice(0, place).filter(({ id }) => id === peer.id);
    for (const old of earlier) {
      const known = processOf.get(old);
      if (known === undefined || known === name) continue;
      if ((await nameOf(old, patienceMs)) !== undefined) continue;
      log.info('mesh.began-again', { node: peer.id });
      await old.close();
    }
  }

  const offRequest = handleForMembers(stoq, processRequest, async () => own);
  const offPeer = stoq.onPeer((peer) => {
    learn(peer).catch((error: unknown) =>
      log.debug('mesh.no-process', { peer: peer.id, message: String(error) }),
    );
  });
  return () => {
    offPeer();
    offRequest();
  };
}
