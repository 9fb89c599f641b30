import { type ContentRoot, domainHash, type Log, type NodeId } from '@hypermesh/core';
import type { Peer, StoqNode } from '@hypermesh/stoq';
import type { Discovery } from '@hypermesh/stoq/discovery';
import { isEnrolling } from '../adapters/authenticator.ts';
import type { AddressBook } from '../mesh/addresses.ts';
import { handleForMembers } from '../mesh/members.ts';
import { contentMessages, discoveryRequest } from './protocol.ts';

/** Whether members find each other's content through the discovery network, and why not. */
export type DiscoveryStatus =
  | { readonly state: 'on'; readonly peerId: string; readonly addresses: readonly string[] }
  | { readonly state: 'off'; readonly reason: string };

/** Finds members that hold a root. */
export interface Finder extends AsyncDisposable {
  readonly status: DiscoveryStatus;
  /** Announces a root, sooner or later: one after another, and without a word to the caller when the network does not take it. */
  announce(root: ContentRoot): void;
  /** Members that say they hold it, each once; none where discovery is off. */
  find(root: ContentRoot, signal: AbortSignal): AsyncGenerator<NodeId, void, undefined>;
}

/** What a finder needs of its node. */
export interface FinderParts {
  readonly self: NodeId;
  readonly stoq: StoqNode;
  readonly book: AddressBook;
  isMember(node: NodeId): boolean;
  readonly log: Log;
  /** 32 secret bytes of the discovery host; undefined for a node without one. */
  readonly seed: Uint8Array | undefined;
  /** Where the host listens; `/ip6/::1/udp/0/quic-v1` by default. */
  readonly listen?: readonly string[];
}

/** How long a newcomer's host may take to be known. */
const joinMs = 5_000;

/** The discovery host's seed: of the node's own key, so that its PeerId is as stable, and says nothing about that key. */
export function discoverySeed(nodeSecretKey: Uint8Array): Uint8Array {
  return domainHash('hypermesh/node/discovery-seed/v1', nodeSecretKey);
}

/**
 * Opens the discovery host of a node, tells members where it is, and joins those that they tell. A host that cannot be opened is
 * said in `status`: the node then finds content only at members whose sessions and addresses it knows.
 */
export async function openFinder(parts: FinderParts): Promise<Finder> {
  const { stoq, seed, listen, log } = parts;
  if (seed === undefined) return withoutDiscovery(parts, 'not wanted by the configuration of this node');
  let discovery: Discovery;
  try {
    // Some 35 MB, which a node without a host does not pay.
    const { libp2pDiscovery } = await import('@hypermesh/stoq/discovery');
    discovery = await libp2pDiscovery({
      seed,
      stoqAddresses: () => stoq.addresses,
      ...(listen === undefined ? {} : { listen }),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn('content.discovery-off', { reason });
    return withoutDiscovery(parts, reason);
  }
  return new NetworkFinder(parts, discovery);
}

function withoutDiscovery({ stoq }: FinderParts, reason: string): Finder {
  const off = handleForMembers(stoq, discoveryRequest, () => contentMessages.discoveryAnswer.encode([]));
  return {
    status: { state: 'off', reason },
    announce: () => {},
    async *find() {},
    async [Symbol.asyncDispose]() {
      off();
    },
  };
}

class NetworkFinder implements Finder {
  readonly #parts: FinderParts;
  readonly #discovery: Discovery;
  readonly #stopping = new AbortController();
  readonly #offs: readonly (() => void)[];
  readonly #waiting = new Set<ContentRoot>();
  #announcing: Promise<void> | undefined;

  constructor(parts: FinderParts, discovery: Discovery) {
    this.#parts = parts;
    this.#discovery = discovery;
    const { stoq } = parts;
    this.#offs = [
      handleForMembers(stoq, discoveryRequest, () =>
        contentMessages.discoveryAnswer.encode(discovery.addresses),
      ),
      stoq.onPeer((peer) => void this.#join(peer)),
    ];
    for (const peer of stoq.peers) void this.#join(peer);
  }

  get status(): DiscoveryStatus {
    const { peerId, addresses } = this.#discovery;
    return { state: 'on', peerId, addresses };
  }

  announce(root: ContentRoot): void {
    this.#waiting.add(root);
    this.#announcing ??= this.#announceAll();
  }

  async *find(root: ContentRoot, signal: AbortSignal): AsyncGenerator<NodeId, void, undefined> {
    const either = AbortSignal.any([signal, this.#stopping.signal]);
    const seen = new Set<NodeId>([this.#parts.self]);
    for await (const { stoq } of this.#discovery.findProviders(root, { signal: either })) {
      const node = await this.#memberAt(stoq, either);
      if (node === undefined || seen.has(node)) continue;
      seen.add(node);
      yield node;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the node stops'));
    for (const off of this.#offs) off();
    await this.#announcing;
    await this.#discovery.close();
  }

  async #announceAll(): Promise<void> {
    const { signal } = this.#stopping;
    for (const root of this.#waiting) {
      this.#waiting.delete(root);
      try {
        await this.#discovery.provide(root, { signal });
      } catch (error) {
        if (signal.aborted) break;
        this.#parts.log.debug('content.not-announced', { root, message: String(error) });
      }
    }
    // In the same turn as the last look at what waits.
    this.#announcing = undefined;
  }

  /** The member that listens there: by the address book, else by asking. What a record says is nobody's word before that. */
  async #memberAt(addresses: readonly string[], signal: AbortSignal): Promise<NodeId | undefined> {
    const { book, stoq, self, isMember } = this.#parts;
    const known = book.entries().find(([, address]) => addresses.includes(address));
    if (known !== undefined) return isMember(known[0]) && known[0] !== self ? known[0] : undefined;
    for (const address of addresses) {
      try {
        const peer = await stoq.connect(address, { signal });
        const node = peer.id as NodeId;
        if (!isMember(node) || isEnrolling(peer.identity)) {
          await peer.close();
          continue;
        }
        book.note(node, address);
        return node;
      } catch {
        // Nobody is there: the next address may be better.
      }
    }
    return undefined;
  }

  async #join(peer: Peer): Promise<void> {
    const { log } = this.#parts;
    if (peer.direction === 'inbound' || isEnrolling(peer.identity)) return;
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(joinMs)]);
    try {
      const reply = await peer.request(discoveryRequest, undefined, { signal });
      const decoded = reply.ok ? contentMessages.discoveryAnswer.decode(reply.body) : undefined;
      const [address] = decoded?.ok === true ? decoded.value.addresses : [];
      if (address !== undefined) await this.#discovery.join(address, { signal });
    } catch (error) {
      log.debug('content.not-joined', { peer: peer.id, message: String(error) });
    }
  }
}
