import { decide, type Policy } from '@hypermesh/assets';
import { interleave, report } from '@hypermesh/bench';
import { encodeCanonical } from '@hypermesh/core';

const floor = { spaceBytes: 1n, stakePower: 1n, workBits: 1, timeIterations: 1 };
const policy: Policy = {
  v: 1,
  level: 'p2p',
  allocation: 'verified',
  groups: ['lab'],
  networks: ['campus'],
  shareBp: 5_000,
  maxLeases: 8,
  maxLeasesEach: 4,
  maxDurationMs: 60_000,
  hours: [{ days: [0, 1, 2, 3, 4, 5, 6], fromMinute: 0, toMinute: 1_440 }],
  proofs: floor,
  price: { amount: 7n, units: 1_000 },
};
const usage = { capacity: 4_000_000, leased: 100_000, leases: 1, leasesOfRequester: 0 };
const request = {
  relation: 'peer',
  quantity: 500_000,
  durationMs: 10_000,
  proofs: { ...floor, verifiedAtMs: 0 },
  maxPrice: 100_000n,
} as const;
const turns = 20_000;

const { decided, encoded } = await interleave({
  rounds: 7,
  warmup: 2,
  cases: {
    decided() {
      const startMs = performance.now();
      for (let turn = 0; turn < turns; turn += 1)
        if (!decide(policy, usage, request, { nowMs: 0, floor }).ok) throw new Error('it is granted');
      return (turns * 1_000) / (performance.now() - startMs);
    },
    encoded() {
      const startMs = performance.now();
      for (let turn = 0; turn < turns; turn += 1) encodeCanonical(policy);
      return (turns * 1_000) / (performance.now() - startMs);
    },
  },
});

report({
  name: 'assets/decide all rules',
  value: decided,
  unit: '/s',
  baseline: encoded,
  baselineName: 'encoding the same policy once',
  aim: '>= 1',
});
