import { quic } from '@chainsafe/libp2p-quic';
import { createStoq, generatePinnedKey, pinnedKeys } from '@hypermesh/stoq';
import { createMemoryStore, publish, serveContent } from '@hypermesh/stoq/content';
import { createLibp2p } from 'libp2p';

/** The other process of the benches: a STOQ node and a stock libp2p node over QUIC, both on [::1]. */
const [ownSeeds = '', otherPublic = '', sizeText = '0'] = process.argv.slice(2);
const size = Number(sizeText);
const node = await createStoq({
  auth: pinnedKeys({
    self: generatePinnedKey(Buffer.from(ownSeeds, 'hex')),
    allow: [Buffer.from(otherPublic, 'hex')],
  }),
  listen: ['quic://[::1]:0'],
});
node.handle('echo', (body) => body);
node.handleMessages('echo', (stream) => stream.sink(stream.source));
const content = Buffer.alloc(size);
for (let at = 0, state = 1; at < size; at += 4) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  content.writeUInt32BE(state, at);
}
const store = createMemoryStore();
const { root } = await publish(store, content, { profile: 'stream' });
serveContent(node, store);

const libp2p = await createLibp2p({
  addresses: { listen: ['/ip6/::1/udp/0/quic-v1'] },
  transports: [quic()],
  connectionManager: { inboundConnectionThreshold: Number.POSITIVE_INFINITY },
});
await libp2p.handle('/bulk', async (stream) => {
  for (let at = 0; at < size; at += 65_536) {
    if (!stream.send(content.subarray(at, at + 65_536))) await stream.onDrain();
  }
  await stream.close();
});
await libp2p.handle('/echo', async (stream) => {
  for await (const bytes of stream) stream.send(bytes);
  await stream.close();
});

process.stdout.write(
  `${JSON.stringify({ stoq: node.addresses[0], libp2p: libp2p.getMultiaddrs().map(String), root })}\n`,
);
process.stdin.resume();
process.stdin.once('end', async () => {
  await node.close();
  await libp2p.stop();
});
