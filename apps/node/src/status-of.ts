import type { StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from './adapters/authenticator.ts';
import type { AddressBook } from './mesh/addresses.ts';
import type { Phase1 } from './phases.ts';
import type { MeshServices } from './services.ts';
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
  readonly phase: Phase1;
  readonly stoq: StoqNode;
  readonly book: AddressBook;
  readonly address: string;
  readonly services: MeshServices | undefined;
  readonly problem: string | undefined;
  readonly uptimeMs: number;
}): NodeStatus {
  const { phase, address, services, problem, uptimeMs } = parts;
  const reached = services === undefined ? 1 : 2;
  const [leaf] = phase.credentials.current().chain;
  return {
    name: phase.config.name,
    nodeId: phase.nodeId,
    address,
    pid: process.pid,
    phase: reached,
    phaseMeaning: phaseMeanings[reached],
    certificateUntil: new Date(leaf?.notAfterMs ?? 0).toISOString(),
    residentBytes: process.memoryUsage.rss(),
    // Kibibytes on Linux and macOS.
    peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    uptimeMs: Math.round(uptimeMs),
    members: services === undefined ? [] : describeMembers(parts, services),
    ...(services === undefined
      ? {}
      : { ledger: describeLedger(services), content: services.content.status() }),
    extensions: services === undefined ? [] : describeExtensions(services),
    ...(problem === undefined ? {} : { problem }),
    secondVotesSeen: services?.secondVotesSeen() ?? 0,
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
  { phase, stoq, book }: { readonly phase: Phase1; readonly stoq: StoqNode; readonly book: AddressBook },
  { members }: MeshServices,
): MemberStatus[] {
  return [...members].map(([node, { name }]) => {
    const session = stoq.peers.find((peer) => peer.id === node && !isEnrolling(peer.identity));
    const known = book.addressOf(node);
    return {
      name,
      nodeId: node,
      self: node === phase.nodeId,
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
