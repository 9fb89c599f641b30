import type { Clock, Log, Metrics } from '@hypermesh/core';
import { systemRandom } from '@hypermesh/core/node';
import { createRelay } from '@hypermesh/proxy-nat';
import {
  type Carrier,
  createStoq,
  type Peer,
  quicCarrier,
  type StoqEvent,
  type StoqNode,
} from '@hypermesh/stoq';
import { type DiskStore, type Served, serveContent } from '@hypermesh/stoq/content';
import { certificateAuthenticator, isEnrolling } from './adapters/authenticator.ts';
import { type CertifiedPhase, renewCertificate } from './certification.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Founder } from './founder.ts';
import type { AddressBook } from './mesh/addresses.ts';
import { shareAddresses } from './mesh/directory.ts';
import { createPeers, type Peers } from './mesh/peers.ts';
import { keepCertified } from './mesh/renewal.ts';
import { endSuperseded } from './mesh/superseded.ts';
import type { Phase1 } from './phases.ts';
import { relayCarrier, relayListen } from './relay/carrier.ts';
import { serveRelay } from './relay/serving.ts';

/** A node of phase 1 on the network: others find it, know it by its certificate, and it knows them. */
export interface Presence extends AsyncDisposable {
  readonly phase: CertifiedPhase;
  readonly stoq: StoqNode;
  readonly peers: Peers;
  readonly address: string;
}

/** Opens the sessions of a certified node. */
export async function openPresence(
  directory: DataDirectory,
  phase: CertifiedPhase,
  parts: {
    readonly founder: Founder | undefined;
    readonly book: AddressBook;
    readonly store: DiskStore;
    /** Hears of content that goes out. */
    readonly onServe: (served: Served) => void;
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
  },
): Promise<Presence> {
  const { founder, book, store, onServe, clock, log, metrics } = parts;
  const { nodeId } = phase;
  await using cleanup = new AsyncDisposableStack();
  const relayed = relayCarrier();
  const carriers = [quicCarrier(), relayed];
  const stoq = await listen(phase, book, { founder, carriers, clock, log, metrics });
  // Everything below answers peers: nothing may be awaited until all of it is in place.
  cleanup.defer(() => stoq.close());
  const [address = ''] = stoq.addresses;
  book.note(nodeId, address);
  try {
    book.flush();
  } catch (error) {
    log.warn('addresses.not-written', { message: String(error) });
  }
  const authorize = (peer: Peer) => !isEnrolling(peer.identity);
  cleanup.defer(serveContent(stoq, store, { authorize, onServe, metrics }));
  cleanup.defer(relayed.attach(stoq, nodeId, log));
  cleanup.defer(serveRelay(stoq, { log, relay: createRelay({ metrics }) }));
  const peers = cleanup.use(createPeers(nodeId, stoq, book, { clock, log }));
  cleanup.defer(endSuperseded(stoq, { random: systemRandom, log }));
  cleanup.defer(shareAddresses(stoq, { self: nodeId, address, book, log }));
  if (founder !== undefined) cleanup.defer(founder.serve(stoq, { clock, log }));
  const renew = () => renewCertificate(directory, phase, { founder, peers, clock });
  cleanup.use(keepCertified(phase.credentials, { clock, log, renew }));
  const owned = cleanup.move();
  return { phase, stoq, peers, address, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Listens where the node listened before, so that others find it again; elsewhere if that place is taken. */
async function listen(
  phase: Phase1,
  book: AddressBook,
  {
    founder,
    carriers,
    clock,
    log,
    metrics,
  }: {
    readonly founder: Founder | undefined;
    readonly carriers: readonly Carrier[];
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
  },
): Promise<StoqNode> {
  const { nodeId, config, credentials, pinnedRoot } = phase;
  const auth = certificateAuthenticator({
    credentials,
    pinnedRoot,
    admitEnrolling: founder !== undefined,
    clock,
    metrics,
  });
  const onEvent = (event: StoqEvent) => log.debug(`stoq.${event.type}`, { ...event });
  const limits = { connections: config.limits.maxConnections };
  const start = (address: string) =>
    createStoq({ auth, carriers, listen: [address, relayListen], limits, clock, onEvent, metrics });
  const before = book.addressOf(nodeId);
  if (before === undefined || !config.listen.endsWith(':0')) return start(config.listen);
  try {
    return await start(before);
  } catch (error) {
    log.warn('node.address-taken', { address: before, message: String(error) });
    return start(config.listen);
  }
}
