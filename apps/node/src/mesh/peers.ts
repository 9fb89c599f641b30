import type { Clock, Log, NodeId } from '@hypermesh/core';
import { hasCode } from '@hypermesh/core';
import type { Peer, StoqNode } from '@hypermesh/stoq';
import { unlessAborted } from '../abort.ts';
import { isEnrolling } from '../adapters/authenticator.ts';
import { NodeError } from '../errors.ts';
import { relayAddress } from '../relay/carrier.ts';
import type { AddressBook } from './addresses.ts';

/** Sessions with the members of the mesh, opened again whenever they end. */
export interface Peers extends AsyncDisposable {
  /** An open session with a member, dialled if there is none. Throws `node/unreachable`. */
  sessionWith(node: NodeId, signal?: AbortSignal): Promise<Peer>;
  /** Waits until a session with a member is open, however long that takes. Keeps it open from then on. */
  reachable(node: NodeId, signal: AbortSignal): Promise<Peer>;
  /** A member's session for a fetch: dialled only if the fetch needs anything. Throws as `sessionWith` does. */
  provider(node: NodeId, signal?: AbortSignal): AsyncGenerator<Peer, void, undefined>;
  /** The open session with a member, if there is one. */
  openSession(node: NodeId): Peer | undefined;
  /** Keeps a session with this member open from now on. */
  keep(node: NodeId): void;
}

const firstRetryMs = 100;
const longestRetryMs = 3_000;
/** How long the node with the greater id leaves the dialling to the other, so that pairs get one session. */
const politenessMs = 400;

/** Watches over the sessions of one node; `self` is never dialled. */
export function createPeers(
  self: NodeId,
  stoq: StoqNode,
  addresses: AddressBook,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Peers {
  const kept = new Set<NodeId>();
  const closing = new AbortController();
  /** The newest: an older one may belong to a process that is gone, until its carrier notices. */
  const openSession = (node: NodeId) =>
    stoq.peers.findLast((peer) => peer.id === node && !isEnrolling(peer.identity));

  const dialling = new Map<NodeId, Promise<Peer>>();

  /** One attempt at a time for each node, shared by all who want the session. */
  function dial(node: NodeId, address: string): Promise<Peer> {
    const under = dialling.get(node);
    if (under !== undefined) return under;
    const attempt = stoq
      .connect(address, { signal: closing.signal, expect: node })
      .catch(async (error: unknown) => {
        closing.signal.throwIfAborted();
        const relayed = await dialThroughRelay(node);
        if (relayed !== undefined) return relayed;
        throw unreachable(address, error instanceof Error ? error.message : String(error), error);
      })
      .finally(() => dialling.delete(node));
    dialling.set(node, attempt);
    return attempt;
  }

  /** A session by way of a member that both have a direct one with; undefined where no such member leads there. */
  async function dialThroughRelay(node: NodeId): Promise<Peer | undefined> {
    const direct = stoq.peers.filter(
      (peer) => peer.id !== node && !isEnrolling(peer.identity) && !peer.address.startsWith('relay:'),
    );
    for (const relay of new Set(direct.map(({ id }) => id as NodeId))) {
      try {
        return await stoq.connect(relayAddress(relay, node), { signal: closing.signal, expect: node });
      } catch (error) {
        closing.signal.throwIfAborted();
        log.debug('peers.no-way', { node, relay, message: String(error) });
      }
    }
    return undefined;
  }

  async function sessionWith(node: NodeId, signal?: AbortSignal): Promise<Peer> {
    closing.signal.throwIfAborted();
    signal?.throwIfAborted();
    const open = openSession(node);
    if (open !== undefined) return open;
    const address = addresses.addressOf(node);
    if (address === undefined || node === self) throw unreachable(node, 'no address of it is known');
    return await unlessAborted(dial(node, address), signal);
  }

  async function keepOpen(node: NodeId): Promise<void> {
    let retryMs = firstRetryMs;
    while (!closing.signal.aborted) {
      if (self > node && openSession(node) === undefined) await wait(clock, politenessMs, closing.signal);
      if (closing.signal.aborted) return;
      try {
        const peer = await sessionWith(node);
        retryMs = firstRetryMs;
        await peer.closed;
      } catch (error) {
        if (closing.signal.aborted) return;
        if (!hasCode(error, 'node/unreachable')) throw error;
        log.debug('peers.unreachable', { node, retryMs });
        await wait(clock, retryMs, closing.signal);
        retryMs = Math.min(longestRetryMs, retryMs * 2);
      }
    }
  }

  function keep(node: NodeId): void {
    if (node === self || kept.has(node)) return;
    kept.add(node);
    keepOpen(node).catch((error: unknown) => log.error('peers.gave-up', { node, message: String(error) }));
  }

  return {
    sessionWith,
    async *provider(node, signal) {
      yield await sessionWith(node, signal);
    },
    openSession,
    keep,
    reachable(node, signal) {
      keep(node);
      const { promise, resolve } = Promise.withResolvers<Peer>();
      const either = AbortSignal.any([signal, closing.signal]);
      const off = stoq.onPeer((peer) => {
        if (peer.id === node && !isEnrolling(peer.identity)) resolve(peer);
      });
      const open = openSession(node);
      if (open !== undefined) resolve(open);
      return unlessAborted(promise, either).finally(off);
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the node stops'));
    },
  };
}

/** Waits, or until `signal` aborts; never rejects. */
export function wait(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const cancel = clock.schedule(delayMs, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    const stop = () => {
      cancel();
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}

function unreachable(address: string, reason: string, cause?: unknown): NodeError {
  return new NodeError(
    {
      code: 'node/unreachable',
      address,
      reason,
      next: 'see that it runs, and that its address is the one it prints',
    },
    `Cannot reach ${address}: ${reason}`,
    cause === undefined ? undefined : { cause },
  );
}
