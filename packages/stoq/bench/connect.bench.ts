import { interleave, report } from '@hypermesh/bench';
import { twoProcesses } from './two-processes.ts';

/** A hybrid, mutually authenticated session (Ed25519 and ML-DSA-65) against a stock libp2p-quic connection. */
await using setup = await twoProcesses(0);
const CONNECTS = 20;
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const results = await interleave({
  rounds: 9,
  cases: {
    stoq: async () => {
      const times: number[] = [];
      for (let n = 0; n < CONNECTS; n += 1) {
        const start = performance.now();
        const peer = await setup.node.connect(setup.stoqAddress);
        times.push(performance.now() - start);
        await peer.close();
      }
      return median(times);
    },
    libp2p: async () => {
      const times: number[] = [];
      for (let n = 0; n < CONNECTS; n += 1) {
        const start = performance.now();
        const connection = await setup.libp2p.dial(setup.libp2pAddress, { force: true });
        times.push(performance.now() - start);
        await connection.close();
      }
      return median(times);
    },
  },
});
report({
  name: 'stoq/connect carrier=quic kem=X25519+ML-KEM-768 sig=Ed25519+ML-DSA-65',
  value: results.stoq,
  unit: 'ms',
  baseline: results.libp2p,
  baselineName: 'stock libp2p-quic connect, classical, PeerId only',
  aim: '<= 7 ms',
});
