import type { ChunkId, ContentRoot } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import {
  createMemoryNetwork,
  createStoq,
  generatePinnedKey,
  type Limits,
  type Peer,
  pinnedKeys,
  type StoqNode,
} from '@hypermesh/stoq';
import {
  type ContentStore,
  createMemoryStore,
  publish,
  readContent,
  serveContent,
} from '@hypermesh/stoq/content';
import { seeds } from './support.ts';

/** A fetcher with a session to each of several providers, in memory. */
export interface TestSwarm extends AsyncDisposable {
  readonly fetcher: StoqNode;
  readonly providers: readonly StoqNode[];
  readonly peers: readonly Peer[];
  readonly stores: readonly ContentStore[];
  connect(index: number): Promise<Peer>;
}

/** Opens providers, each over the store that `storeOf` gives it. */
export async function openSwarm(
  count: number,
  storeOf: (index: number) => ContentStore = () => createMemoryStore(),
  limits: Partial<Limits> = {},
): Promise<TestSwarm> {
  const network = createMemoryNetwork();
  const self = generatePinnedKey(seeds('fetcher'));
  const keys = Array.from({ length: count }, (_, index) => generatePinnedKey(seeds(`provider ${index}`)));
  const fetcher = await createStoq({
    auth: pinnedKeys({ self, allow: keys.map(({ publicKey }) => publicKey) }),
    carriers: [network.carrier()],
    limits,
  });
  const stores: ContentStore[] = [];
  const providers = await Promise.all(
    keys.map(async (key, index) => {
      const node = await createStoq({
        auth: pinnedKeys({ self: key, allow: [self.publicKey] }),
        carriers: [network.carrier()],
        listen: [`memory://provider-${index}`],
      });
      stores[index] = storeOf(index);
      serveContent(node, stores[index]);
      return node;
    }),
  );
  const connect = (index: number) => fetcher.connect(`memory://provider-${index}`);
  return {
    fetcher,
    providers,
    stores,
    peers: await Promise.all(keys.map((_, index) => connect(index))),
    connect,
    async [Symbol.asyncDispose]() {
      await fetcher.close();
      await Promise.all(providers.map((provider) => provider.close()));
    },
  };
}

/** A shelf with one content, and its chunk ids in order. */
export async function shelfOf(size: number, seed: number) {
  const content = Buffer.from(createSeededRandom(seed).bytes(size));
  const shelf = createMemoryStore();
  const ids: ChunkId[] = [];
  const put = shelf.put;
  shelf.put = (id, bytes) => {
    ids.push(id);
    return put(id, bytes);
  };
  const { root, chunks } = await publish(shelf, content);
  return { content, shelf, root, chunks, ids };
}

/** All bytes of a root, or of a range of it. */
export async function bytesOf(
  store: ContentStore,
  root: ContentRoot,
  range?: { readonly offset: number; readonly length: number },
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of readContent(store, root, range === undefined ? {} : { range })) parts.push(part);
  return Buffer.concat(parts);
}

/**
 * Lets each of many give out one chunk a round, and counts the rounds in which anybody did: rates without a clock. A round comes when
 * everything that the last one set off has run its course.
 */
export function createRounds(): {
  readonly count: () => number;
  /** The store, whose chunks come one a round. */
  pace(store: ContentStore, isStopped?: () => boolean): ContentStore;
  stop(): void;
} {
  const queues: { readonly waiting: (() => void)[]; readonly isStopped: () => boolean }[] = [];
  let rounds = 0;
  let isOver = false;
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  void (async () => {
    while (!isOver) {
      for (let turns = 0; turns < 30; turns += 1) await turn();
      const ready = queues.filter(({ waiting, isStopped }) => waiting.length > 0 && !isStopped());
      if (ready.length > 0) rounds += 1;
      for (const { waiting } of ready) waiting.shift()?.();
    }
  })();
  return {
    count: () => rounds,
    pace(store, isStopped = () => false) {
      const waiting: (() => void)[] = [];
      queues.push({ waiting, isStopped });
      return {
        ...store,
        async get(id) {
          await new Promise<void>((resolve) => waiting.push(resolve));
          return store.get(id);
        },
      };
    },
    stop() {
      isOver = true;
    },
  };
}
