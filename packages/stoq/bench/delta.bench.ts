import { interleave, report } from '@hypermesh/bench';
import { neighbouringVersions } from '@hypermesh/bench/versions';
import { createMemoryNetwork, createStoq, generatePinnedKey, pinnedKeys } from '@hypermesh/stoq';
import { createMemoryStore, fetchContent, publish, serveContent } from '@hypermesh/stoq/content';

/**
 * What an update moves: the bytes that a fetch of typescript 5.8.3 moves into a store that has 5.8.2, manifest included, against the whole archive of
 * 5.8.3 that npm would download. Uncompressed on the wire against compressed.
 */
const { older, newer } = neighbouringVersions();
const network = createMemoryNetwork();
const [self, other] = [generatePinnedKey(), generatePinnedKey()];
await using server = await createStoq({
  auth: pinnedKeys({ self, allow: [other.publicKey] }),
  carriers: [network.carrier()],
  listen: ['memory://shelf'],
});
await using client = await createStoq({
  auth: pinnedKeys({ self: other, allow: [self.publicKey] }),
  carriers: [network.carrier()],
});
const shelf = createMemoryStore();
serveContent(server, shelf);
await publish(shelf, older.bytes);
const { root, size, chunks } = await publish(shelf, newer.bytes);
const peer = await client.connect('memory://shelf');
const tarball = newer.tarballBytes();

let fetched = 0;
const results = await interleave({
  rounds: 5,
  cases: {
    moved: async () => {
      const store = createMemoryStore();
      await publish(store, older.bytes);
      const result = await fetchContent(peer, root, store);
      if (!result.ok) throw new Error(result.reason);
      fetched = result.fetched;
      return result.bytesMoved / 1e3;
    },
    tarball: async () => tarball / 1e3,
  },
});
report({
  name: `stoq/delta from=${older.name} to=${newer.name} bytes=${size} chunks=${chunks} fetched=${fetched}`,
  value: results.moved,
  unit: 'kB',
  baseline: results.tarball,
  baselineName: `npm's archive of ${newer.name}`,
  aim: '<= 0.06',
});
