import type { Clock, Log, Metrics, NodeId } from '@hypermesh/core';
import { systemRandom } from '@hypermesh/core/node';
import type { StoqNode } from '@hypermesh/stoq';
import type { LedgerService } from '../ledger/service.ts';
import type { Peers } from '../mesh/peers.ts';
import { networkOf } from './addressing.ts';
import { memoryEntries } from './entries.ts';
import { type Lending, openLending } from './lending.ts';
import type { MemoryClaims } from './ports.ts';
import { openUsing, type Using } from './using.ts';

/** Remote memory of a node: what it lends and what it uses. */
export interface MemoryService extends AsyncDisposable {
  readonly lending: Lending;
  readonly using: Using;
}

/** Opens remote memory; nothing is lent until somebody asks for it. */
export function openMemoryService(parts: {
  readonly stoq: StoqNode;
  readonly peers: Peers;
  readonly ledger: LedgerService;
  readonly claims: MemoryClaims;
  readonly members: ReadonlyMap<NodeId, unknown>;
  readonly self: NodeId;
  readonly secretKey: Uint8Array;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  nameOf(node: NodeId): string;
}): MemoryService {
  const { ledger, members, self } = parts;
  const { chainId } = ledger;
  const network = networkOf(chainId, members, self);
  if (network === undefined) throw new TypeError('a node with a ledger is a member of its genesis');
  const entries = memoryEntries(ledger, { chainId, members });
  const shared = { ...parts, entries, network, random: systemRandom };
  const lending = openLending(shared);
  const using = openUsing(shared);
  return {
    lending,
    using,
    async [Symbol.asyncDispose]() {
      using[Symbol.dispose]();
      await lending[Symbol.asyncDispose]();
    },
  };
}
