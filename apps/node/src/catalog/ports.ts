import { mkdirSync } from 'node:fs';
import { type CatalogPorts, createTreeStore } from '@hypermesh/catalog';
import { openTreeFiles } from '@hypermesh/catalog/node';
import type { Clock, NodeId } from '@hypermesh/core';
import { createSigner } from '@hypermesh/core/ed25519';
import { catalogContent, type MeshContent } from '../adapters/catalog-content.ts';
import { openCatalogState } from '../adapters/catalog-state.ts';
import { ledgerIndex } from '../adapters/ledger-index.ts';
import { libraryAssets } from '../adapters/library-assets.ts';
import type { InventoryService } from '../inventory/service.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { Artifacts } from './artifacts.ts';
import { packageSources } from './sources.ts';

/** What the catalog's ports are made of. */
export interface CatalogParts {
  /** The catalog's own folder in the data directory. */
  readonly folder: string;
  readonly self: NodeId;
  readonly keys: { readonly ed25519: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array } };
  readonly ledger: LedgerService;
  readonly content: MeshContent;
  readonly artifacts: Artifacts;
  readonly inventory: Pick<InventoryService, 'registerLibrary' | 'ledger'>;
  readonly clock: Clock;
  nameOf(node: NodeId): string;
}

/** The catalog's ports over the services of this node, and what has to be closed after them. */
export async function openCatalogPorts(parts: CatalogParts): Promise<CatalogPorts & Disposable> {
  const { folder, self, keys, ledger, content, artifacts, inventory, clock, nameOf } = parts;
  const trees = `${folder}/trees`;
  mkdirSync(trees, { recursive: true, mode: 0o700 });
  const files = await openTreeFiles(trees);
  const state = openCatalogState(`${folder}/state.db`);
  const signer = createSigner(keys.ed25519.secretKey);
  return {
    content: catalogContent(content, nameOf),
    index: ledgerIndex(ledger),
    artifacts: {
      self: { node: self, publicKey: keys.ed25519.publicKey },
      sign: (bytes, options) => artifacts.sign(bytes, options?.signal),
      endorse: async (message) => signer.sign(message),
      verify: (bundle, bytes) => artifacts.verify(bundle, bytes),
    },
    assets: libraryAssets(inventory, state),
    trees: createTreeStore(files),
    state,
    clock,
    sources: packageSources(),
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}
