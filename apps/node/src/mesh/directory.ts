import type { Log, NodeId } from '@hypermesh/core';
import type { Peer, StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from '../adapters/authenticator.ts';
import type { AddressBook } from './addresses.ts';
import { handleForMembers } from './members.ts';
import { type Hello, helloRequest, meshMessages } from './protocol.ts';

/**
 * Members tell each other where they are: whoever opens a session says its own address and the ones it knows, and
 * hears the same. A member's word about itself counts at once, its word about others only where nothing is known.
 */
export function shareAddresses(
  stoq: StoqNode,
  parts: { readonly self: NodeId; readonly address: string; readonly book: AddressBook; readonly log: Log },
): () => void {
  const { self, address, book, log } = parts;

  const hello = (): Uint8Array =>
    meshMessages.hello.encode({
      v: 1,
      address,
      known: book
        .entries()
        .slice(0, 1024)
        .map(([node, known]) => ({ node, address: known })),
    });

  function hear(from: NodeId, { address: claimed, known }: Hello): void {
    if (isAddress(claimed)) book.note(from, claimed);
    book.noteHearsay(
      known.flatMap(({ node, address: heard }) =>
        node === self || node === from || !isAddress(heard) ? [] : [[node, heard] as const],
      ),
    );
  }

  async function greet(peer: Peer): Promise<void> {
    if (peer.direction === 'inbound' || isEnrolling(peer.identity)) return;
    const reply = await peer.request(helloRequest, hello());
    const decoded = reply.ok ? meshMessages.hello.decode(reply.body) : undefined;
    if (decoded?.ok) hear(peer.id as NodeId, decoded.value);
    else log.debug('mesh.no-hello', { peer: peer.id, reason: reply.ok ? 'malformed' : reply.reason });
  }

  const offPeer = stoq.onPeer((peer) => {
    greet(peer).catch((error: unknown) =>
      log.debug('mesh.no-hello', { peer: peer.id, message: String(error) }),
    );
  });
  const offHello = handleForMembers(stoq, helloRequest, (body, { member }) => {
    const decoded = meshMessages.hello.decode(body);
    if (decoded.ok) hear(member, decoded.value);
    return hello();
  });
  return () => {
    offPeer();
    offHello();
  };
}

/** The form of an address only: whether anybody listens there is for dialling to find out. */
function isAddress(text: string): boolean {
  return /^[a-z0-9]{1,16}:\/\/(?:\[[0-9a-fA-F:.]{2,45}\]|[0-9.]{7,15}):[0-9]{1,5}$/.test(text);
}
