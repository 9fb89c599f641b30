import { interleave, report } from '@hypermesh/bench';
import { vdf } from '@hypermesh/consensus';
import { utf8 } from '@hypermesh/core';

const input = utf8('bench');
const native = vdf('rsa-2048');
const portable = vdf('rsa-2048', { backend: 'portable' });
const iterations = 2 ** 16;

/** Squarings a second. */
const rate = (delay: typeof native, count: number) => async (): Promise<number> => {
  const startMs = performance.now();
  await delay.evaluate(input, count);
  return (1000 * count) / (performance.now() - startMs);
};

const claim = { input, iterations, ...(await native.prove(input, iterations)) };
const turn = (delay: typeof native) => (): number => {
  const startMs = performance.now();
  for (let i = 0; i < 10; i++) if (!delay.verify(claim).ok) throw new Error('not ok');
  return (performance.now() - startMs) / 10;
};

const measured = await interleave({
  rounds: 7,
  warmup: 2,
  cases: {
    native: rate(native, iterations),
    portable: rate(portable, iterations / 4),
    verifyNative: turn(native),
    verifyPortable: turn(portable),
  },
});
report({
  name: 'consensus/delay-squarings group=rsa-2048',
  value: measured.native,
  unit: '1/s',
  baseline: measured.portable,
  baselineName: 'BigInt',
  aim: '>= 2',
});
report({
  name: 'consensus/delay-verify group=rsa-2048',
  value: measured.verifyNative,
  unit: 'ms',
  baseline: measured.verifyPortable,
  baselineName: 'BigInt',
});
