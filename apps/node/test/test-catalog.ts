import { catalogCapabilities } from '@hypermesh/catalog/extension';
import { cidOf, type NodeId, silentLog, utf8 } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import type { StoqNode } from '@hypermesh/stoq';
import type { DiskStore } from '@hypermesh/stoq/content';
import type { Artifacts } from '../src/catalog/artifacts.ts';
import { openCatalogPorts } from '../src/catalog/ports.ts';
import { ledgerProofs } from '../src/catalog/proofs.ts';
import { type CatalogService, createCatalogService } from '../src/catalog/service.ts';
import { createContentService } from '../src/content/service.ts';
import type { DataDirectory } from '../src/data-directory.ts';
import { openExtensions } from '../src/extensions/service.ts';
import type { LedgerService } from '../src/ledger/service.ts';
import type { AddressBook } from '../src/mesh/addresses.ts';
import type { Peers } from '../src/mesh/peers.ts';
import type { Phase2 } from '../src/phases.ts';

/** The catalog of one member in a test's process: all of it real but the inventory, which is a table here. */
export async function openTestCatalog(
  cleanup: AsyncDisposableStack,
  parts: {
    readonly directory: DataDirectory;
    readonly phase: Phase2;
    readonly ledger: LedgerService;
    readonly stoq: StoqNode;
    readonly peers: Peers;
    readonly store: DiskStore;
    readonly book: AddressBook;
    readonly artifacts: Artifacts;
    readonly members: readonly NodeId[];
    readonly copies: number;
  },
): Promise<CatalogService> {
  const { directory, phase, ledger, stoq, peers, store, book, artifacts, members, copies } = parts;
  const { nodeId: self, keys } = phase;
  const registered = new Map<string, object>();
  const content = cleanup.use(
    await createContentService({
      ...{ self, stoq, store, peers, book, members: () => members },
      ...{ clock: systemClock, log: silentLog },
    }),
  );
  const ports = cleanup.use(
    await openCatalogPorts({
      folder: directory.catalog,
      self,
      keys,
      ledger,
      content,
      artifacts,
      inventory: {
        async registerLibrary({ digest }: { readonly digest: string }) {
          const id = cidOf(utf8(digest), 'dag-cbor');
          registered.set(id, {});
          return { asset: { id } };
        },
        ledger: { find: (id: string) => registered.get(id) },
      } as never,
      clock: systemClock,
      nameOf: (node) => node,
    }),
  );
  const { consensus, binds } = ledgerProofs(ledger);
  const extensions = cleanup.use(
    await openExtensions(directory, phase, {
      capabilities: catalogCapabilities(ports, binds),
      configuration: { 'hypermesh.catalog': { copies } },
      consensus,
      clock: systemClock,
      log: silentLog,
    }),
  );
  return createCatalogService({ host: extensions, ledger });
}
