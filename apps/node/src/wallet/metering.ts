import type { ChainId, NodeId, OperationId } from '@hypermesh/core';
import type { Metering } from '../run/ports.ts';
import type { Receipts } from './receipts.ts';
import { openUsage, signUsage } from './usage-receipt.ts';

/** Signed receipts of what runs used, kept by both sides until the lease is settled. */
export function walletMetering(parts: {
  readonly receipts: Receipts;
  readonly chainId: ChainId;
  readonly self: NodeId;
  readonly secretKey: Uint8Array;
}): Metering {
  const { receipts, chainId, self: executor, secretKey } = parts;
  return {
    state(usage) {
      const lease = usage.lease as OperationId;
      const statement = signUsage({ ...usage, lease, executor }, chainId, secretKey);
      receipts.put(lease, statement);
      return statement;
    },
    accept(statement, expected) {
      const opened = openUsage(statement, chainId);
      if (!opened.ok) return `cannot be read: ${opened.reason}`;
      const { usage } = opened;
      if (usage.lease !== expected.lease || usage.executor !== expected.executor)
        return 'is of another lease';
      if (usage.fuel !== expected.fuel) return 'names other fuel';
      receipts.put(usage.lease, statement);
      return undefined;
    },
  };
}
