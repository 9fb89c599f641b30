import { interleave, report } from '@hypermesh/bench';
import { vdf, verifyClassGroupVdf } from '@hypermesh/consensus';
import { sha256, utf8 } from '@hypermesh/core';
import { discriminantOf } from '../src/time/class-group/hash-prime.ts';
import { proveClassGroup } from '../test/support/class-group-prover.ts';

/** The search for a discriminant takes 1 to 300 ms as its seed happens to; only many seeds have a mean. */
const SEEDS = 20;
const BITS = 1024;
// Hashed, as neighbouring seeds share their candidates.
const seeds = Array.from({ length: SEEDS }, (_, i) => sha256(utf8(`bench ${i}`)));
const claims = seeds.map((seed) => proveClassGroup(seed, BITS, [400]));
const [first] = seeds as [Uint8Array];
const segments = 8;
const shallow = proveClassGroup(first, BITS, [400]);
const deep = proveClassGroup(
  first,
  BITS,
  Array.from({ length: segments + 1 }, () => 400),
);

const rsa = vdf('rsa-2048');
const input = utf8('bench');
const rsaClaim = { input, iterations: 1000, ...(await rsa.prove(input, 1000)) };

/** Mean milliseconds of the work over the items. */
function meanMs<Item>(items: readonly Item[], work: (item: Item) => unknown): number {
  const startMs = performance.now();
  for (const item of items) work(item);
  return (performance.now() - startMs) / items.length;
}

function check({ ok }: { readonly ok: boolean }): void {
  if (!ok) throw new Error('not ok');
}

const measured = await interleave({
  rounds: 5,
  warmup: 1,
  cases: {
    verify: () => meanMs(claims, (claim) => check(verifyClassGroupVdf(claim))),
    discriminant: () => meanMs(seeds, (seed) => discriminantOf(seed, BITS)),
    segment: () => {
      const [deepMs = 0, shallowMs = 0] = [deep, shallow].map((claim) =>
        meanMs([claim, claim], (claim) => check(verifyClassGroupVdf(claim))),
      );
      return (deepMs - shallowMs) / segments;
    },
    rsa: () => meanMs(new Array(20).fill(rsaClaim), (claim) => check(rsa.verify(claim))),
  },
});
const baseline = { baseline: measured.rsa, baselineName: 'verification over RSA-2048' };
report({
  name: `consensus/delay-verify group=class-group bits=${BITS} depth=0`,
  value: measured.verify,
  unit: 'ms',
  aim: '<= 60 ms',
  ...baseline,
});
report({
  name: `consensus/delay-discriminant bits=${BITS}`,
  value: measured.discriminant,
  unit: 'ms',
  ...baseline,
});
report({
  name: `consensus/delay-verify-segment bits=${BITS}`,
  value: measured.segment,
  unit: 'ms',
  ...baseline,
});
