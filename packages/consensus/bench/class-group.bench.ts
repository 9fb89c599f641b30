import { interleave, report, summarize } from '@hypermesh/bench';
import { vdf, verifyClassGroupVdf } from '@hypermesh/consensus';
import { sha256, utf8 } from '@hypermesh/core';
import { discriminantOf } from '../src/time/class-group/hash-prime.ts';
import { proveClassGroup } from '../test/support/class-group-prover.ts';

const BITS = 1024;
const SEGMENTS = 8;
const TURNS = 10;
/** A seed of average luck: its prime is the 361st candidate, where 355 are the mean. */
const seed = sha256(utf8('bench 143'));
const shallow = proveClassGroup(seed, BITS, [400]);
const deep = proveClassGroup(
  seed,
  BITS,
  Array.from({ length: SEGMENTS + 1 }, () => 400),
);

const rsa = vdf('rsa-2048');
const input = utf8('bench');
const rsaClaim = { input, iterations: 1000, ...(await rsa.prove(input, 1000)) };

function meanMs(work: () => unknown): number {
  const startMs = performance.now();
  for (let i = 0; i < TURNS; i++) work();
  return (performance.now() - startMs) / TURNS;
}

function check({ ok }: { readonly ok: boolean }): void {
  if (!ok) throw new Error('not ok');
}

const verify = (claim: typeof deep) => (): number => meanMs(() => check(verifyClassGroupVdf(claim)));
const measured = await interleave({
  rounds: 7,
  warmup: 1,
  cases: {
    shallow: verify(shallow),
    deep: verify(deep),
    discriminant: () => meanMs(() => discriminantOf(seed, BITS)),
    rsa: () => meanMs(() => check(rsa.verify(rsaClaim))),
  },
});
const baseline = { unit: 'ms', baseline: measured.rsa, baselineName: 'verification over RSA-2048' };
// After the first turn the discriminant is remembered: a seed that is new costs the search for it besides.
for (const [depth, value] of [
  [0, measured.shallow],
  [SEGMENTS, measured.deep],
] as const) {
  const name = `consensus/delay-verify group=class-group bits=${BITS} depth=${depth}`;
  report({ name: `${name} seed=known`, value, ...baseline });
  const sum = summarize(
    value.samples.map((sample, round) => sample + (measured.discriminant.samples[round] ?? 0)),
  );
  report({ name: `${name} seed=new`, value: sum, ...(depth === 0 ? { aim: '<= 60 ms' } : {}), ...baseline });
}
report({ name: `consensus/delay-discriminant bits=${BITS}`, value: measured.discriminant, ...baseline });
