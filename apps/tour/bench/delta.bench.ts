import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { report } from '@hypermesh/bench';
import { pack } from '@hypermesh/catalog';
import { openFolder } from '@hypermesh/catalog/node';
import { createMemoryNetwork, createStoq, generatePinnedKey, pinnedKeys } from '@hypermesh/stoq';
import { createMemoryStore, fetchContent, publish, serveContent } from '@hypermesh/stoq/content';

/*
 * What a node that has one version of a real package moves to get the next one: TypeScript 5.8.2, then 5.8.3, packed as
 * the catalog packs them and fetched over a session. Beside it the tarball that a registry would send: all files of the
 * new version under gzip -9, headers left out. The figures do not vary from run to run.
 */

const [here, there] = [generatePinnedKey(), generatePinnedKey()];
const network = createMemoryNetwork();
const held = createMemoryStore();
const fetched = createMemoryStore();

const provider = await createStoq({
  auth: pinnedKeys({ self: there, allow: [here.publicKey] }),
  carriers: [network.carrier()],
  listen: ['memory://provider'],
});
const node = await createStoq({
  auth: pinnedKeys({ self: here, allow: [there.publicKey] }),
  carriers: [network.carrier()],
});
const stop = serveContent(provider, held);
try {
  const peer = await node.connect('memory://provider');
  const moved: number[] = [];
  let tarball = 0;
  for (const name of ['typescript-5.8.2', 'typescript-5.8.3']) {
    const folder = await openFolder(fileURLToPath(new URL(`../node_modules/${name}/`, import.meta.url)));
    const packed = await pack(folder);
    if (!packed.ok) throw new Error(packed.problems[0]?.message);
    const { root } = await publish(held, packed.stream());
    const result = await fetchContent(peer, root, fetched);
    if (!result.ok) throw new Error(`${name}: ${result.reason}`);
    if (result.size !== packed.bytes) throw new Error(`${name}: ${result.size} of ${packed.bytes} bytes`);
    moved.push(result.bytesMoved);
    const parts: Uint8Array[] = [];
    for await (const part of packed.stream()) parts.push(part.slice());
    tarball = gzipSync(Buffer.concat(parts), { level: 9 }).length;
  }
  report({
    name: 'catalog/delta package=typescript from=5.8.2 to=5.8.3',
    value: moved[1] ?? 0,
    unit: 'bytes',
    baseline: tarball,
    baselineName: 'gzip -9 of the new version',
    aim: '<= 0.06',
  });
} finally {
  stop();
  await node.close();
  await provider.close();
}
