import { interleave, report } from '@hypermesh/bench';
import { twoProcesses } from './two-processes.ts';

/** A 64-byte request and its answer on an open session, against opening a stock libp2p-quic stream for the same. */
await using setup = await twoProcesses(0);
const peer = await setup.node.connect(setup.stoqAddress);
const messages = await peer.openMessages('echo');
const connection = await setup.libp2p.dial(setup.libp2pAddress);
const BODY = Buffer.alloc(64, 1);
const CALLS = 300;

async function p50(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < CALLS; n += 1) {
    const start = performance.now();
    await call();
    times.push((performance.now() - start) * 1e3);
  }
  return times.sort((a, b) => a - b)[CALLS / 2] ?? 0;
}

const results = await interleave({
  rounds: 7,
  cases: {
    request: () =>
      p50(async () => {
        const result = await peer.request('echo', BODY);
        if (!result.ok) throw new Error(result.reason);
      }),
    message: () =>
      p50(async () => {
        await messages.send(BODY);
        await messages.source.next();
      }),
    libp2p: () =>
      p50(async () => {
        const stream = await connection.newStream('/echo');
        stream.send(BODY);
        for await (const bytes of stream) if (bytes.byteLength > 0) break;
        await stream.close();
      }),
  },
});
const baseline = { baseline: results.libp2p, baselineName: 'stock libp2p-quic, new stream and echo' };
report({ name: 'stoq/request p50 bytes=64', value: results.request, unit: 'us', ...baseline, aim: '<= 0.5' });
report({
  name: 'stoq/message-round-trip p50 bytes=64',
  value: results.message,
  unit: 'us',
  ...baseline,
  aim: '<= 0.25',
});
messages.abort();
