import type { Clock, NodeId, Replaceable } from '@hypermesh/core';
import type { Peer, StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from '../adapters/authenticator.ts';
import type { Credentials } from '../identity.ts';
import type { MeshServices } from '../services.ts';
import type { MetricsRegistry } from './metrics/registry.ts';
import { type PeerClocks, watchPeerClocks } from './peer-clocks.ts';

type Link = { readonly class: 'member' | 'enrolling'; readonly direction: Peer['direction'] };

/** Has the registry look at sessions, the certificate, and what stands on the ledger, until it is disposed of. */
export function lookAtMesh(
  metrics: MetricsRegistry,
  parts: {
    readonly nodeId: NodeId;
    readonly credentials: Replaceable<Credentials>;
    readonly clock: Clock;
    services(): MeshServices | undefined;
  },
): Disposable & {
  /** From now on also at the sessions of a transport; to be called once, when it opens. */
  watch(stoq: StoqNode): void;
} {
  const { nodeId, credentials, clock, services } = parts;
  using cleanup = new DisposableStack();
  let clocks: PeerClocks | undefined;
  const links = new Map<Peer, Link>();
  const ended = new Map<string, number>();
  const statesSeen = new Map<string, Set<string>>();
  const linkOf = ({ identity, direction }: Peer): Link => ({
    class: isEnrolling(identity) ? 'enrolling' : 'member',
    direction,
  });
  const add = (key: string, bytes: number) => ended.set(key, (ended.get(key) ?? 0) + bytes);
  const take = (peer: Peer) => {
    const link = linkOf(peer);
    links.set(peer, link);
    void peer.closed.then(() => {
      const { bytesOut, bytesIn } = peer.traffic();
      links.delete(peer);
      add(`${link.class} sent`, bytesOut);
      add(`${link.class} received`, bytesIn);
    });
  };
  let height = { at: -1, sinceMs: clock.monotonicMs() };

  function lookAtLinks(): void {
    for (const which of ['member', 'enrolling'] as const) {
      const open = [...links].filter(([, link]) => link.class === which);
      for (const direction of ['inbound', 'outbound'] as const) {
        const count = open.filter(([, link]) => link.direction === direction).length;
        metrics.set('stoq_sessions', count, { class: which, direction });
      }
      let [sent, received] = [ended.get(`${which} sent`) ?? 0, ended.get(`${which} received`) ?? 0];
      for (const [peer] of open) {
        const { bytesOut, bytesIn } = peer.traffic();
        sent += bytesOut;
        received += bytesIn;
      }
      metrics.set('stoq_bytes_total', sent, { class: which, direction: 'sent' });
      metrics.set('stoq_bytes_total', received, { class: which, direction: 'received' });
    }
    metrics.set('clock_offset_seconds', clocks?.offsetSeconds() ?? Number.NaN);
    const [leaf] = credentials.current().chain;
    if (leaf === undefined) return;
    const remainingMs = leaf.notAfterMs - clock.nowMs();
    metrics.set('certificate_remaining_seconds', remainingMs / 1000);
    metrics.set('certificate_remaining_ratio', remainingMs / (leaf.notAfterMs - leaf.notBeforeMs));
  }

  function lookAtServices(there: MeshServices): void {
    const { ledger, members, content, wallet, inventory, memory, extensions } = there;
    const connected = new Set<string>([nodeId]);
    for (const [peer, link] of links) if (link.class === 'member') connected.add(peer.id);
    metrics.set('members', members.size);
    metrics.set('members_connected', [...members.keys()].filter((node) => connected.has(node)).length);
    const status = ledger.validator.status();
    if (status.height !== height.at) height = { at: status.height, sinceMs: clock.monotonicMs() };
    metrics.set('consensus_height', status.height);
    metrics.set('consensus_view', status.view);
    metrics.set('consensus_pending', status.pendingTxs);
    metrics.set('consensus_idle_seconds', (clock.monotonicMs() - height.sinceMs) / 1000);
    metrics.set('consensus_validators', status.validators);
    metrics.set('consensus_quorum', status.quorum);
    const reachable = ledger.validators.filter((node) => connected.has(node)).length;
    metrics.set('consensus_validators_reachable', reachable);
    const { roots, bytes, lastScrub, discovery } = content.status();
    metrics.set('content_roots', roots);
    metrics.set('content_stored_bytes', bytes);
    metrics.set('content_lost_roots', lastScrub?.lost.length ?? 0);
    metrics.set('content_discovery_on', discovery.state === 'on' ? 1 : 0);
    const { available, held } = wallet.balances().own;
    metrics.set('wallet_available_units', Number(available));
    metrics.set('wallet_held_units', Number(held));
    countBy('assets', inventory.assets.list());
    countBy('assets_leases', inventory.assets.claims());
    const { regions } = memory.lending.list();
    metrics.set('memory_regions', regions.length);
    metrics.set(
      'memory_lent_bytes',
      regions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    );
    metrics.set('runs_executing', there.runsExecuting());
    const { loaded, refused } = extensions.describe();
    const active = loaded.filter(({ state }) => state === 'active').length;
    const suspended = loaded.filter(({ state }) => state === 'suspended').length;
    metrics.set('extensions', active, { state: 'active' });
    metrics.set('extensions', suspended + refused.length, { state: 'not-active' });
  }

  /** How many there are of each state; one that nothing is in any more stays as 0. */
  function countBy(name: string, all: readonly { readonly state: string }[]): void {
    const states = statesSeen.get(name) ?? new Set<string>();
    statesSeen.set(name, states);
    for (const { state } of all) states.add(state);
    for (const state of states) metrics.set(name, all.filter((one) => one.state === state).length, { state });
  }

  cleanup.defer(
    metrics.onRead(() => {
      lookAtLinks();
      const there = services();
      if (there !== undefined) lookAtServices(there);
    }),
  );
  const owned = cleanup.move();
  return {
    watch(stoq) {
      clocks = owned.use(watchPeerClocks(stoq, clock));
      for (const peer of stoq.peers) take(peer);
      owned.defer(stoq.onPeer(take));
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}
