import type { AssetRegistry, State } from '@hypermesh/catalog';
import { utf8 } from '@hypermesh/core';
import type { InventoryService } from '../inventory/service.ts';

/**
 * Installed packages as assets of this node, on the ledger with four proofs. An asset on the ledger stays there: that this
 * node has let go of one is kept in its own state, and registering it again takes it back.
 */
export function libraryAssets(
  inventory: Pick<InventoryService, 'registerLibrary' | 'ledger'>,
  state: State,
): AssetRegistry {
  const released = (id: string) => `released/${id}`;
  return {
    async register({ name, version, digest, content }, { signal = new AbortController().signal } = {}) {
      const { asset } = await inventory.registerLibrary({ name, version, digest, content }, signal);
      await state.delete(released(asset.id));
      return { id: asset.id, state: 'active' };
    },
    async get(id) {
      if (inventory.ledger.find(id) === undefined) return undefined;
      const isReleased = (await state.get(released(id))) !== undefined;
      return { id, state: isReleased ? 'released' : 'active' };
    },
    release: (id) => state.put(released(id), utf8('released')),
  };
}
