import { createMemoryHub, createValidator, type LedgerGenesis } from '@hypermesh/consensus';
import { openFileStorage } from '@hypermesh/consensus/storage';
import type { ChainId } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { createStore, encodeWrite } from './store.ts';

/** Four replicas in one process, each with a folder of its own; in earnest each is a machine, and the hub a network. */
export function createReplicas(folder: string, keys = [0, 1, 2, 3].map(() => generateKey())) {
  const genesis: LedgerGenesis = {
    chain: 'c0de'.repeat(16) as ChainId,
    timeMs: Date.now() - 1_000,
    validators: keys.map(({ publicKey }) => ({ publicKey })),
    stateRoot: createStore().stateRoot(),
  };
  const hub = createMemoryHub();
  let count = 0;
  const start = async (index: number) => {
    const { secretKey } = keys[index] ?? generateKey();
    const [store, storage] = [createStore(), await openFileStorage(`${folder}/replica-${index}`)];
    const ports = { app: store, storage, transport: hub.transport(index), clock: systemClock };
    const node = createValidator({ genesis, secretKey, minBlockIntervalMs: 0 }, ports);
    await node.start();
    return {
      get: store.get,
      status: () => node.status(),
      /** Resolves when the write is final and in this replica: with the proof that shows it to anybody. */
      async set(key: string, value: string) {
        count += 1;
        const tx = encodeWrite(key, value, `replica-${index}`, count);
        return { tx, ...(await node.submit(tx)) };
      },
      /** Resolves when this replica has executed the block of a height. */
      async reached(height: number) {
        if (store.appliedHeight() >= height) return;
        for await (const { header } of node.finalized({ from: store.appliedHeight() + 1 }))
          if (header.height >= height) return;
      },
      async stop() {
        await node.stop();
        await storage[Symbol.asyncDispose]();
      },
    };
  };
  return { genesis, start };
}
