import { type ChainId, equalBytes, type NodeId, nodeIdOf } from '@hypermesh/core';
import { verify } from '@hypermesh/core/ed25519';
import { covers, type Grant, type Prefix, verifyGrant, verifyMapping } from '@hypermesh/proxy-nat';
import type { LedgerService } from '../ledger/service.ts';
import { networkOf } from './addressing.ts';

/** A grant of the ledger that holds in itself: signed by the member whose addresses it is about. */
export interface LedgerGrant {
  readonly grant: Grant;
  /** The signed bytes. */
  readonly record: Uint8Array;
  readonly home: NodeId;
  readonly isRevoked: boolean;
}

interface GrantEntry {
  readonly owner: Uint8Array;
  readonly value: { readonly export: string; readonly revoked: boolean; readonly grant: unknown };
}

/** Whether a prefix holds the region of a grant to its last byte: its size is its lender's word, and others live behind it. */
function coversAll(prefix: Prefix, { address, sizeBytes }: Grant): boolean {
  return sizeBytes >= 1 && covers(prefix, address) && covers(prefix, address + BigInt(sizeBytes) - 1n);
}

/** What the ledger keeps of exports and grants, read with distrust of whoever wrote it. */
export interface MemoryEntries {
  /** The grant of an id, where it is one. */
  grant(id: string): LedgerGrant | undefined;
  /** Every grant that holds in itself. */
  grants(): IterableIterator<LedgerGrant>;
}

/** Reads the memory entries of a ledger. */
export function memoryEntries(
  { ledger }: Pick<LedgerService, 'ledger'>,
  { chainId, members }: { readonly chainId: ChainId; readonly members: ReadonlyMap<NodeId, unknown> },
): MemoryEntries {
  function read(id: string, entry: unknown): LedgerGrant | undefined {
    const { owner, value } = entry as GrantEntry;
    if (!(value?.grant instanceof Uint8Array)) return undefined;
    const checked = verifyGrant(value.grant, { verify });
    if (!checked.ok || checked.grant.id !== id || !equalBytes(checked.grant.holder, owner)) return undefined;
    const home = nodeIdOf(owner);
    const network = networkOf(chainId, members, home);
    if (network === undefined || !coversAll(network, checked.grant)) return undefined;
    return isExported(value.export, checked.grant, owner)
      ? { grant: checked.grant, record: value.grant, home, isRevoked: value.revoked }
      : undefined;
  }

  /** Whether the export that a grant hangs on is the same member's, and covers its region. */
  function isExported(key: string, grant: Grant, owner: Uint8Array): boolean {
    const entry = ledger.get(`export/${key}`) as unknown as
      | { readonly owner: Uint8Array; readonly value: unknown }
      | undefined;
    if (entry === undefined || !equalBytes(entry.owner, owner) || !(entry.value instanceof Uint8Array))
      return false;
    // Its time is the grant's matter: a mapping that is over covers nothing that still has a grant.
    const mapping = verifyMapping(entry.value, { verify, nowMs: grant.expiresMs - 1 });
    return (
      mapping.ok && equalBytes(mapping.mapping.holder, owner) && coversAll(mapping.mapping.prefix, grant)
    );
  }

  return {
    grant(id) {
      const entry = ledger.get(`grant/${id}`);
      return entry === undefined ? undefined : read(id, entry);
    },
    *grants() {
      for (const [key, entry] of ledger.entries('grant/')) {
        const found = read(key.slice('grant/'.length), entry);
        if (found !== undefined) yield found;
      }
    },
  };
}
