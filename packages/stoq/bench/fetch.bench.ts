import { interleave, report } from '@hypermesh/bench';
import { createMemoryStore, fetchContent } from '@hypermesh/stoq/content';
import { twoProcesses } from './two-processes.ts';

/** Content fetched, sealed and verified chunk by chunk, against as many bytes over one stock libp2p-quic stream, unverified. */
const SIZE = 64 * 2 ** 20;
await using setup = await twoProcesses(SIZE);
const peer = await setup.node.connect(setup.stoqAddress);
const connection = await setup.libp2p.dial(setup.libp2pAddress);

const megabytesPerSecond = (startMs: number): number => SIZE / 1e6 / ((performance.now() - startMs) / 1e3);
const results = await interleave({
  rounds: 9,
  cases: {
    stoq: async () => {
      const start = performance.now();
      const result = await fetchContent(peer, setup.root, createMemoryStore());
      if (!result.ok || result.size !== SIZE) throw new Error(`the fetch failed: ${JSON.stringify(result)}`);
      return megabytesPerSecond(start);
    },
    libp2p: async () => {
      const start = performance.now();
      const stream = await connection.newStream('/bulk');
      let received = 0;
      for await (const bytes of stream) received += bytes.byteLength;
      if (received !== SIZE) throw new Error(`libp2p gave ${received} bytes`);
      await stream.close();
      return megabytesPerSecond(start);
    },
  },
});
report({
  name: 'stoq/fetch carrier=quic sealed=true verified=blake3 bytes=64MiB',
  value: results.stoq,
  unit: 'MB/s',
  baseline: results.libp2p,
  baselineName: 'stock libp2p-quic, one stream',
  aim: '>= 2',
});
