import { interleave, report } from '@hypermesh/bench';
import { createPlot, provePlot, verifyPlotProof } from '@hypermesh/consensus';
import { sha256, utf8 } from '@hypermesh/core';
import { generateKey, sign, verify } from '@hypermesh/core/ed25519';

const plotId = sha256(utf8('bench'));
const plot = await createPlot({ plotId, k: 18 });
const found: { readonly challenge: Uint8Array; readonly proof: Uint8Array }[] = [];
const challenges = Array.from({ length: 100 }, (_, i) => sha256(utf8(`bench ${i}`)));
for (const challenge of challenges) {
  for (const proof of await provePlot(plot, challenge)) found.push({ challenge, proof });
}

const { secretKey, publicKey } = generateKey();
const signature = sign(plotId, secretKey);
const HASHES = 6 * 2 ** 18;

const measured = await interleave({
  rounds: 7,
  cases: {
    verify: () => {
      const startMs = performance.now();
      for (const claim of found) {
        if (!verifyPlotProof({ plotId, k: 18, ...claim }).ok) throw new Error('not ok');
      }
      return (performance.now() - startMs) / found.length;
    },
    lookup: async () => {
      const startMs = performance.now();
      for (const challenge of challenges) await provePlot(plot, challenge);
      return (performance.now() - startMs) / challenges.length;
    },
    ed25519: () => {
      const startMs = performance.now();
      for (let i = 0; i < 100; i++) verify(signature, plotId, publicKey);
      return (performance.now() - startMs) / 100;
    },
    sha256: () => {
      const startMs = performance.now();
      for (let i = 0; i < HASHES / 64; i++) sha256(plotId);
      return (performance.now() - startMs) * 64;
    },
    plot: async () => {
      const startMs = performance.now();
      await createPlot({ plotId, k: 18 });
      return performance.now() - startMs;
    },
  },
});
const baseline = measured.ed25519;
const baselineName = 'native Ed25519 verify';
report({
  name: 'consensus/verify-plot-proof k=18',
  value: measured.verify,
  unit: 'ms',
  baseline,
  baselineName,
});
report({ name: 'consensus/prove-plot k=18', value: measured.lookup, unit: 'ms', baseline, baselineName });
report({
  name: 'consensus/create-plot k=18',
  value: measured.plot,
  unit: 'ms',
  baseline: measured.sha256,
  baselineName: 'as many native SHA-256 as it hashes',
});
