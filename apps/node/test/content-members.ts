import { silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { createStoq, type StoqNode } from '@hypermesh/stoq';
import { type DiskStore, openDiskStore, serveContent } from '@hypermesh/stoq/content';
import { certificateAuthenticator, isEnrolling } from '../src/adapters/authenticator.ts';
import { discoverySeed } from '../src/content/finder.ts';
import { type ContentParts, type ContentService, createContentService } from '../src/content/service.ts';
import type { DataDirectory } from '../src/data-directory.ts';
import { openAddressBook } from '../src/mesh/addresses.ts';
import { createPeers, type Peers } from '../src/mesh/peers.ts';
import { certify, createTestAuthority, type TestIdentity, temporaryDirectory } from './support.ts';

/** One member with a content service, everything real: certificates, QUIC on [::1], a disk store, a discovery host. */
export interface ContentMember extends AsyncDisposable {
  readonly identity: TestIdentity;
  readonly directory: DataDirectory;
  readonly stoq: StoqNode;
  readonly store: DiskStore;
  readonly peers: Peers;
  readonly content: ContentService;
}

/** How the members of a test are set. */
export interface ContentMembersOptions {
  readonly withDiscovery?: boolean;
  /** Whether they know each other's addresses and keep sessions; the first one's alone otherwise. */
  readonly isConnected?: boolean;
  parts?(index: number): Partial<ContentParts>;
}

/** Opens so many members of one mesh in this process. */
export async function openContentMembers(
  count: number,
  options: ContentMembersOptions = {},
): Promise<{ readonly members: readonly ContentMember[] } & AsyncDisposable> {
  const { withDiscovery = false, isConnected = true } = options;
  const mesh = await createTestAuthority();
  const identities = await Promise.all(Array.from({ length: count }, () => certify(mesh)));
  const everybody = () => identities.map(({ nodeId }) => nodeId);
  await using opening = new AsyncDisposableStack();
  const members: ContentMember[] = [];
  for (const [index, identity] of identities.entries()) {
    const cleanup = opening.use(new AsyncDisposableStack());
    const directory = cleanup.use(temporaryDirectory());
    const stoq = await createStoq({
      auth: certificateAuthenticator({
        credentials: identity.credentials,
        pinnedRoot: identity.root,
        admitEnrolling: false,
        clock: systemClock,
      }),
      listen: ['quic://[::1]:0'],
    });
    const store = cleanup.use(await openDiskStore(directory.content));
    cleanup.defer(() => stoq.close());
    cleanup.defer(serveContent(stoq, store, { authorize: (peer) => !isEnrolling(peer.identity) }));
    const book = openAddressBook(directory);
    for (const [other, { identity: known, stoq: node }] of members.entries()) {
      if (isConnected || other === 0) book.note(known.nodeId, node.addresses[0] ?? '');
    }
    const peers = cleanup.use(
      createPeers(identity.nodeId, stoq, book, { clock: systemClock, log: silentLog }),
    );
    const content = cleanup.use(
      await createContentService({
        self: identity.nodeId,
        stoq,
        store,
        peers,
        book,
        members: everybody,
        clock: systemClock,
        log: silentLog,
        ...(withDiscovery ? { discoverySeed: discoverySeed(identity.key.secretKey) } : {}),
        ...options.parts?.(index),
      }),
    );
    for (const known of isConnected ? members : members.slice(0, 1)) {
      await peers.sessionWith(known.identity.nodeId);
    }
    members.push({
      identity,
      directory,
      stoq,
      store,
      peers,
      content,
      [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
    });
  }
  const owned = opening.move();
  return { members, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
