import type { Clock, NodeId } from '@hypermesh/core';
import type { Peer, StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from '../adapters/authenticator.ts';
import type { CertificateFacts } from '../trust/certificate-facts.ts';
import { handleForMembers } from './members.ts';

/** What this node has to do with one member over the wire. Bytes are those of all sessions with it since this node started. */
export interface LinkFacts {
  readonly connected: boolean;
  readonly sessions: number;
  /** Sessions that began after the first. */
  readonly reconnects: number;
  readonly direction?: 'inbound' | 'outbound';
  readonly carrier?: string;
  readonly kem?: string;
  readonly signature?: string;
  readonly pq?: boolean;
  /** An answered request there and back, smoothed; null before the first, and where there is no session. */
  readonly rttMs: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly rateInBps: number;
  readonly rateOutBps: number;
  /** Since when there has been a session without a gap. */
  readonly sinceMs: number | null;
}

/** The links of one node. */
export interface Links extends Disposable {
  of(node: NodeId): LinkFacts;
  /** The certificate that a member showed in its last session; undefined before the first. */
  certificateOf(node: NodeId): CertificateFacts | undefined;
}

interface Link {
  readonly open: Set<Peer>;
  endedIn: number;
  endedOut: number;
  began: number;
  sinceMs: number | null;
  certificate?: CertificateFacts;
  rttMs: number | null;
  pings: number;
  /** Totals of the last seconds, oldest first. */
  readonly samples: { readonly atMs: number; readonly bytesIn: number; readonly bytesOut: number }[];
}

/** Answered with nothing, at once: how long a request takes there and back. */
const pingRequest = 'mesh/ping/1';
const pingEverySamples = 10;
const pingDeadlineMs = 5_000;
/** How much the newest round trip counts. */
const newPart = 0.3;

const sampleEveryMs = 1_000;
/** What rates are over. */
const windowSamples = 11;

/** Watches the sessions of a node; `onChange` hears when a session with a member begins, and when the last one is gone. */
export function watchLinks(
  stoq: Pick<StoqNode, 'peers' | 'onPeer' | 'handle'>,
  parts: {
    readonly clock: Clock;
    onChange(change: { readonly type: 'open' | 'close'; readonly node: NodeId }): void;
  },
): Links {
  const { clock, onChange } = parts;
  const links = new Map<NodeId, Link>();

  function note(peer: Peer): void {
    if (isEnrolling(peer.identity)) return;
    const node = peer.id as NodeId;
    const link: Link = links.get(node) ?? {
      ...{ open: new Set<Peer>(), endedIn: 0, endedOut: 0, began: 0, sinceMs: null, samples: [] },
      ...{ rttMs: null, pings: 0 },
    };
    links.set(node, link);
    if (link.open.has(peer)) return;
    // A process that began again opens its session before the carrier misses the old one.
    link.began += 1;
    link.sinceMs ??= clock.nowMs();
    onChange({ type: 'open', node });
    link.open.add(peer);
    const shown = peer.identity.claims?.['certificate'] as CertificateFacts | undefined;
    if (shown !== undefined) link.certificate = shown;
    void peer.closed.then(() => {
      const { bytesIn, bytesOut } = peer.traffic();
      link.endedIn += bytesIn;
      link.endedOut += bytesOut;
      link.open.delete(peer);
      if (link.open.size > 0) return;
      link.sinceMs = null;
      link.rttMs = null;
      onChange({ type: 'close', node });
    });
  }

  async function ping(link: Link, peer: Peer): Promise<void> {
    if (link.pings > 0) return;
    link.pings += 1;
    const startedMs = clock.monotonicMs();
    const answer = await peer.request(pingRequest, undefined, { deadlineMs: pingDeadlineMs });
    link.pings -= 1;
    if (!answer.ok || !link.open.has(peer)) return;
    const tookMs = clock.monotonicMs() - startedMs;
    link.rttMs = link.rttMs === null ? tookMs : link.rttMs + newPart * (tookMs - link.rttMs);
  }

  const totals = ({ open, endedIn, endedOut }: Link) => {
    let [bytesIn, bytesOut] = [endedIn, endedOut];
    for (const peer of open) {
      const moved = peer.traffic();
      bytesIn += moved.bytesIn;
      bytesOut += moved.bytesOut;
    }
    return { bytesIn, bytesOut };
  };

  const offPing = handleForMembers(stoq, pingRequest, async () => new Uint8Array());
  const offPeer = stoq.onPeer(note);
  for (const peer of stoq.peers) note(peer);
  let cancel: () => void = () => undefined;
  let samples = 0;
  const sample = () => {
    const atMs = clock.monotonicMs();
    samples += 1;
    for (const link of links.values()) {
      const peer = [...link.open].at(-1);
      if (peer !== undefined && (link.rttMs === null || samples % pingEverySamples === 0))
        void ping(link, peer);
      link.samples.push({ atMs, ...totals(link) });
      if (link.samples.length > windowSamples) link.samples.shift();
    }
    cancel = clock.schedule(sampleEveryMs, sample);
  };
  sample();

  return {
    of(node) {
      const link = links.get(node);
      if (link === undefined) {
        const none = { connected: false, sessions: 0, reconnects: 0, rttMs: null, sinceMs: null };
        return { ...none, bytesIn: 0, bytesOut: 0, rateInBps: 0, rateOutBps: 0 };
      }
      const newest = [...link.open].at(-1);
      const { bytesIn, bytesOut } = totals(link);
      const [oldest] = link.samples;
      const overMs = oldest === undefined ? 0 : clock.monotonicMs() - oldest.atMs;
      const rate = (now: number, then: number) =>
        overMs < 1 ? 0 : Math.max(0, Math.round(((now - then) * 1000) / overMs));
      return {
        connected: newest !== undefined,
        sessions: link.open.size,
        reconnects: link.began - 1,
        ...(newest === undefined ? {} : securityOf(newest)),
        rttMs: link.rttMs === null ? null : Math.round(link.rttMs * 100) / 100,
        bytesIn,
        bytesOut,
        rateInBps: rate(bytesIn, oldest?.bytesIn ?? 0),
        rateOutBps: rate(bytesOut, oldest?.bytesOut ?? 0),
        sinceMs: link.sinceMs,
      };
    },
    certificateOf: (node) => links.get(node)?.certificate,
    [Symbol.dispose]() {
      cancel();
      offPeer();
      offPing();
    },
  };
}

function securityOf({ direction, security }: Peer) {
  const { carrier, kem, sig, pq } = security;
  return { direction, carrier, kem, signature: sig, pq };
}
