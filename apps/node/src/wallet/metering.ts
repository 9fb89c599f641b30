import type { ChainId, NodeId, OperationId } from '@hypermesh/core';
import type { Metering } from '../run/ports.ts';
import type { Receipts } from './receipts.ts';
import { openUsage, signUsage } from './usage-receipt.ts';

/** Signs what runs on this node used, checks what other nodes signed, and keeps both, so that either side can settle. */
export function createMetering(parts: {
  readonly receipts: Receipts;
  readonly chainId: ChainId;
  readonly self: NodeId;
  readonly secretKey: Uint8Array;
}): Metering {
  const { receipts, chainId, self, secretKey } = parts;
  return {
    state({ lease, fuel, memoryPages, wallMs, exit, output }) {
      const of = { lease: lease as OperationId, executor: self };
      const usage = signUsage({ ...of, fuel, memoryPages, wallMs, exit, output }, chainId, secretKey);
      receipts.put(of.lease, usage);
      return usage;
    },
    holds(statement, { lease, executor, fuel }) {
      const opened = openUsage(statement, chainId);
      if (!opened.ok) return false;
      const { usage } = opened;
      if (usage.lease !== lease || usage.executor !== executor || usage.fuel !== fuel) return false;
      receipts.put(usage.lease, statement);
      return true;
    },
  };
}
