import type { Replaceable } from '@hypermesh/core';
import { isEnrolling } from './adapters/authenticator.ts';
import type { Credentials } from './identity.ts';
import type { AddressBook } from './mesh/addresses.ts';
import type { Alert } from './monitor/alerts/alerts.ts';
import type { Phase0 } from './phases.ts';
import type { Presence } from './presence.ts';
import type { MeshServices } from './services.ts';
import type { Standing } from './standing/watch.ts';
import {
  type ExtensionStatus,
  type LedgerStatus,
  type MemberStatus,
  type NodeStatus,
  phaseMeanings,
  profileMeanings,
} from './status.ts';

/** What a node says of itself at this moment. */
export function describeNode(parts: {
  readonly phase0: Phase0;
  readonly credentials: Replaceable<Credentials>;
  readonly presence: Presence | undefined;
  readonly hasGenesis: boolean;
  readonly book: AddressBook;
  readonly services: MeshServices | undefined;
  readonly problem: string | undefined;
  readonly standing: Standing;
  readonly alerts: readonly Alert[];
  readonly uptimeMs: number;
}): NodeStatus {
  const { phase0, credentials, presence, services, problem, standing, uptimeMs } = parts;
  const reached = parts.hasGenesis ? 2 : presence === undefined ? 0 : 1;
  const [leaf] = credentials.current().chain;
  return {
    name: phase0.config.name,
    nodeId: phase0.nodeId,
    address: presence?.address ?? '',
    pid: process.pid,
    phase: reached,
    phaseMeaning: phaseMeanings[reached],
    phases: standing.phases,
    holds: standing.holds,
    certificateUntil: leaf === undefined ? '' : new Date(leaf.notAfterMs).toISOString(),
    residentBytes: process.memoryUsage.rss(),
    // Kibibytes on Linux and macOS.
    peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    uptimeMs: Math.round(uptimeMs),
    members:
      services === undefined || presence === undefined ? [] : describeMembers(parts, presence, services),
    ...(services === undefined
      ? {}
      : { ledger: describeLedger(services), content: services.content.status() }),
    extensions: services === undefined ? [] : describeExtensions(services),
    ...(problem === undefined ? {} : { problem }),
    secondVotesSeen: services?.secondVotesSeen() ?? 0,
    alerts: parts.alerts,
  };
}

function describeExtensions({ extensions }: MeshServices): ExtensionStatus[] {
  const { loaded, refused, inactive } = extensions.describe();
  return [
    ...loaded.map(({ id, version, state, reason }) => ({
      id,
      version,
      state: state === 'active' ? ('active' as const) : ('suspended' as const),
      ...(reason === undefined ? {} : { reason }),
    })),
    ...inactive.map(({ id }) => ({ id, state: 'inactive' as const, reason: 'deactivated by the operator' })),
    ...refused.map(({ id, code, path, detail }) => ({
      id,
      state: 'refused' as const,
      reason: `${code}${path === undefined ? '' : ` at ${path}`}: ${detail}`,
    })),
  ];
}

function describeMembers(
  { phase0, book }: { readonly phase0: Phase0; readonly book: AddressBook },
  { stoq }: Presence,
  { members }: MeshServices,
): MemberStatus[] {
  return [...members].map(([node, { name }]) => {
    const session = stoq.peers.find((peer) => peer.id === node && !isEnrolling(peer.identity));
    const known = book.addressOf(node);
    return {
      name,
      nodeId: node,
      self: node === phase0.nodeId,
      connected: session !== undefined,
      ...(known === undefined ? {} : { address: known }),
      ...(session === undefined
        ? {}
        : { carrier: session.security.carrier, kem: session.security.kem, signature: session.security.sig }),
    };
  });
}

function describeLedger({ ledger }: MeshServices): LedgerStatus {
  const { height, view, validators, quorum, lastFinalityMs } = ledger.validator.status();
  const { profile } = ledger.genesis;
  return {
    chain: ledger.chainId,
    height,
    view,
    validators,
    quorum,
    faultsTolerated: validators - quorum,
    ...(lastFinalityMs === undefined ? {} : { lastFinalityMs }),
    profile,
    profileMeaning: profileMeanings[profile] ?? '',
  };
}
