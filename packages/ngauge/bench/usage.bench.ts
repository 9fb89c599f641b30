import { interleave, report } from '@hypermesh/bench';
import { type SettledReceipt, usageOf } from '@hypermesh/ngauge';

/* Receipts a second in a report of 20,000, beside cloning them. */

const count = 20_000;
const receipts = Array.from(
  { length: count },
  (_, at): SettledReceipt => ({
    lease: `lease-${at}`,
    consumer: `consumer-${at % 97}`,
    provider: `provider-${at % 31}`,
    resource: at % 3 === 0 ? 'bytes' : 'fuel',
    isAnonymous: at % 50 === 0,
    units: BigInt(at),
    amount: BigInt(at % 1_000),
    durationMs: at % 977,
    settledMs: at,
  }),
);
const rate = (work: () => unknown) => () => {
  const startMs = performance.now();
  work();
  return (count / (performance.now() - startMs)) * 1_000;
};
const sampled = await interleave({
  rounds: 9,
  warmup: 2,
  cases: {
    usage: rate(() => usageOf(receipts, { fromMs: 0, toMs: count })),
    clone: rate(() => structuredClone(receipts)),
  },
});
report({
  name: `ngauge/usage receipts=${count}`,
  value: sampled.usage,
  unit: 'receipts/s',
  baseline: sampled.clone,
  baselineName: 'structuredClone of the receipts',
});
