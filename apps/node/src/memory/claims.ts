import type { NodeId } from '@hypermesh/core';
import { NodeError } from '../errors.ts';
import type { ClaimService } from '../inventory/claims.ts';
import type { MemoryClaims } from './ports.ts';

/** Claims on the node's memory asset, under its owner's policy. */
export function inventoryMemoryClaims(
  claims: Pick<ClaimService, 'reserve' | 'commit' | 'release'>,
  self: NodeId,
): MemoryClaims {
  return {
    async claim(bytes, durationMs) {
      const reserved = await claims.reserve({ requester: self, needs: { memoryBytes: bytes }, durationMs });
      if (!reserved.ok) {
        const [first] = reserved.reasons;
        throw refused(first?.rule ?? 'no memory asset is registered', first?.remedy);
      }
      const { id } = reserved.claim;
      const release = () => claims.release(id);
      try {
        const committed = await claims.commit(id);
        if (!committed.ok) throw refused(committed.reason);
      } catch (error) {
        await release();
        throw error;
      }
      return { release };
    },
  };
}

function refused(
  reason: string,
  remedy = 'lend less, or change the policy: hypermesh assets policy memory',
): NodeError {
  return new NodeError(
    { code: 'node/refused', by: 'memory', reason, next: remedy },
    `This node does not lend that memory: ${reason}`,
  );
}
