import { openIndexRecord } from '@hypermesh/catalog';
import type { LedgerEntry, OperationLedger } from '@hypermesh/consensus';
import type { NodeId } from '@hypermesh/core';
import type { TransferFacts, Transfers } from './transfers.ts';

/** Finds what a content root is called: the package whose record on the ledger names it. */
export interface RootNames {
  /** Reads what the ledger has got since. */
  refresh(): void;
  nameOf(root: string): string | null;
}

/** Records that are opened in one call, and roots that are remembered. */
const mostOpened = 500;
const mostRoots = 20_000;

/** Reads names from the index of packages on the ledger, each record once. */
export function rootNames(ledger: Pick<OperationLedger, 'entries'>): RootNames {
  const names = new Map<string, string>();
  const opened = new Set<string>();

  function refresh(): void {
    let left = mostOpened;
    for (const [key, value] of ledger.entries('package/')) {
      if (opened.has(key)) continue;
      if (left === 0 || names.size >= mostRoots) return;
      left -= 1;
      opened.add(key);
      const bytes = ((value as unknown as LedgerEntry).value as { readonly index?: unknown } | null)?.index;
      const record = bytes instanceof Uint8Array ? openIndexRecord(bytes) : undefined;
      if (record?.ok !== true) continue;
      const { content, record: document, bundles } = record.record;
      const name = key.slice('package/'.length);
      names.set(content, name);
      names.set(document, `${name} (record)`);
      for (const bundle of bundles) names.set(bundle, `${name} (signature)`);
    }
  }

  return { refresh, nameOf: (root) => names.get(root) ?? null };
}

/** Transfers as people see them: members and packages by their names. */
export function transferList(transfers: Transfers, names: RootNames, memberName: (node: NodeId) => string) {
  names.refresh();
  const line = ({ peers, ...facts }: TransferFacts) => ({
    ...facts,
    name: names.nameOf(facts.root),
    peers: peers.map(({ node, bytes }) => ({ name: memberName(node), nodeId: node, bytes })),
  });
  return {
    active: transfers.active().map(line),
    recent: transfers.recent().map(line),
    uploads: transfers
      .uploads()
      .map(({ node, ...facts }) => ({ name: memberName(node), nodeId: node, ...facts })),
  };
}
