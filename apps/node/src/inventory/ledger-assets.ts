import { type Asset, decodePolicy, encodePolicy, type Policy } from '@hypermesh/assets';
import type { LedgerEntry } from '@hypermesh/consensus';
import { type CanonicalValue, equalBytes, type NodeId, nodeIdOf } from '@hypermesh/core';
import { NodeError } from '../errors.ts';
import type { LedgerService } from '../ledger/service.ts';
import { decodeAssetEntry, encodeAssetEntry } from './asset-entry.ts';
import { proofFloor } from './ledger-rules.ts';

/** An asset as it stands on the ledger. */
export interface RegisteredAsset {
  readonly asset: Asset;
  readonly policy: Policy | undefined;
  readonly owner: NodeId;
  readonly operation: string;
  readonly height: number;
}

/** The assets that the ledger holds, and the operations by which they get there. */
export interface LedgerAssets {
  find(id: string): RegisteredAsset | undefined;
  /** All of them; those that are taken for others by a peer's mistake are left out. */
  all(): Iterable<RegisteredAsset>;
  /** Registers an asset of this node, or finds that it is registered: exactly once, whatever happened before. */
  register(asset: Asset, policy: Policy | undefined, signal: AbortSignal): Promise<RegisteredAsset>;
  /** Orders a policy for an asset of this node, unless it is the one that holds; answers where it became final. */
  order(id: string, policy: Policy, signal: AbortSignal): Promise<{ readonly height: number }>;
}

/** Assets on a node's ledger. */
export function ledgerAssets(service: LedgerService): LedgerAssets {
  const { ledger, act } = service;
  const floor = proofFloor(ledger.profile);

  function read(id: string, value: CanonicalValue | undefined): RegisteredAsset | undefined {
    const entry = value as unknown as LedgerEntry | undefined;
    if (entry === undefined) return undefined;
    const decoded = decodeAssetEntry(entry.value, id, floor);
    if (!decoded.ok || !equalBytes(decoded.entry.asset.record.owner, entry.owner)) return undefined;
    const changed = ledger.get(`policy/${id}`) as unknown as LedgerEntry | undefined;
    const policy = changed?.value instanceof Uint8Array ? decodePolicy(changed.value, floor) : undefined;
    return {
      asset: decoded.entry.asset,
      policy: policy?.ok ? policy.policy : decoded.entry.policy,
      owner: nodeIdOf(entry.owner),
      operation: entry.operation,
      height: entry.height,
    };
  }
  const find = (id: string) => read(id, ledger.get(`asset/${id}`));
  const found = (id: string): RegisteredAsset => {
    const registered = find(id);
    if (registered !== undefined) return registered;
    const next = 'the node catches up; ask again';
    throw new NodeError({ code: 'node/not-found', what: id, next }, `${id} is not on this node's ledger`);
  };

  return {
    find,
    *all() {
      for (const [key, value] of ledger.entries('asset/')) {
        const registered = read(key.slice('asset/'.length), value);
        if (registered !== undefined) yield registered;
      }
    },
    async register(asset, policy, signal) {
      const before = find(asset.id);
      if (before !== undefined) return before;
      const value = encodeAssetEntry({ asset, ...(policy === undefined ? {} : { policy }) });
      try {
        const { height } = await act('asset.register', { key: asset.id, value }, signal);
        await service.applied(height, signal);
      } catch (error) {
        // It became final before a crash, and this node had not heard of it yet.
        const isThere =
          error instanceof NodeError && 'leg' in error.failure && error.failure.reason === 'exists';
        if (!isThere) throw error;
      }
      return found(asset.id);
    },
    async order(id, policy, signal) {
      const { policy: before, height: registered } = found(id);
      const value = encodePolicy(policy);
      if (before !== undefined && equalBytes(encodePolicy(before), value)) {
        const changed = ledger.get(`policy/${id}`) as unknown as LedgerEntry | undefined;
        return { height: changed?.height ?? registered };
      }
      const { height } = await act('asset.policy', { key: id, value }, signal);
      await service.applied(height, signal);
      return { height };
    },
  };
}
