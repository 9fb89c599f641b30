import { interleave, report } from '@hypermesh/bench';
import { meter } from '@hypermesh/metered-wasm';
import { compileKernels } from './kernels.ts';

/* What fuel costs: each kernel metered, beside the same kernel as it was compiled, in one process and one run. */

type Kernel = (rounds: number) => number;

const KERNELS = { hash: 60, matmul: 8, sort: 2, sieve: 12, recursion: 12 } as const;

const bytes = await compileKernels();
const verdict = meter(bytes, { memoryMaxPages: 256 });
if (!verdict.ok) throw new Error(`${verdict.reason}: ${verdict.detail}`);
const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
const metered = new WebAssembly.Instance(new WebAssembly.Module(verdict.module)).exports;
const fuel = metered['hm:fuel'] as WebAssembly.Global;

const ratios: number[] = [];
for (const [name, rounds] of Object.entries(KERNELS)) {
  const run = (exports: WebAssembly.Exports) => (exports[name] as unknown as Kernel)(rounds);
  fuel.value = 10n ** 17n;
  if (run(plain) !== run(metered)) throw new Error(`${name} gives different results`);
  const sampled = await interleave({
    rounds: 15,
    warmup: 6,
    cases: {
      metered: () => {
        fuel.value = 10n ** 17n;
        run(metered);
      },
      plain: () => {
        run(plain);
      },
    },
  });
  ratios.push(sampled.metered.median / sampled.plain.median);
  report({
    name: `metered-wasm/fuel kernel=${name}`,
    value: sampled.metered,
    unit: 'ms',
    baseline: sampled.plain,
    baselineName: 'the same module without metering',
    aim: '<= 1.3',
  });
}
const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
report({
  name: 'metered-wasm/fuel kernels=5 mean=geometric',
  value: mean,
  unit: 'ratio',
  ratio: mean,
  aim: '<= 1.3',
});
