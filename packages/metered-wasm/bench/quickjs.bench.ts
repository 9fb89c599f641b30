import { interleave, report } from '@hypermesh/bench';
import { openQuickJs } from '@hypermesh/metered-wasm/quickjs';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import { newQuickJSWASMModuleFromVariant } from 'quickjs-emscripten-core';

/* What metering costs a script, beside the same build of QuickJS without it; and a whole run, from nothing to its answer. */

const KERNELS = {
  loop: 'let s = 0; for (let i = 0; i < 400000; i++) s = (s * 31 + i) | 0; return s;',
  sort: 'const a = []; for (let i = 0; i < 20000; i++) a.push((i * 7919) % 20011); a.sort((x, y) => x - y); return a[77];',
  text: `let t = ''; for (let i = 0; i < 20000; i++) t += 'word' + i + ' '; return t.split(' ').map((w) => w.toUpperCase()).join('').length;`,
  calls: 'const f = (n) => n < 2 ? n : f(n - 1) + f(n - 2); return f(20);',
} as const;
const source = Object.entries(KERNELS)
  .map(([name, body]) => `export const ${name} = () => { ${body} };`)
  .join('\n');

const plain = await newQuickJSWASMModuleFromVariant(
  variant as unknown as Parameters<typeof newQuickJSWASMModuleFromVariant>[0],
);
await using quickjs = openQuickJs({ workers: 2 });
const files = new Map([['index.js', new TextEncoder().encode(`${source}\nexport default () => 1;`)]]);
const limits = { fuel: 2n ** 50n, memoryPages: 1_024, deadlineMs: 60_000 };
const opened = await quickjs.open({ files, entry: 'index.js', ...limits });
if (!opened.ok) throw new Error(opened.detail);
await using session = opened.session;

const timed = (work: () => unknown) => async () => {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
};

using context = plain.newContext();
for (const [name, body] of Object.entries(KERNELS)) {
  const sampled = await interleave({
    rounds: 7,
    warmup: 2,
    cases: {
      metered: timed(async () => {
        const result = await session.call(name, undefined, limits);
        if (!result.ok) throw new Error(result.detail);
      }),
      plain: timed(() => context.unwrapResult(context.evalCode(`(() => { ${body} })()`)).dispose()),
    },
  });
  report({
    name: `metered-wasm/quickjs kernel=${name}`,
    value: sampled.metered,
    unit: 'ms',
    baseline: sampled.plain,
    baselineName: 'the same engine without metering, on the calling thread',
    aim: '<= 1.5',
  });
}

const starts = await interleave({
  rounds: 11,
  warmup: 2,
  cases: {
    run: timed(() => quickjs.run({ files, entry: 'index.js', ...limits })),
    plain: timed(() => {
      const own = plain.newContext();
      own.unwrapResult(own.evalCode(source, 'index.js', { type: 'module' })).dispose();
      own.dispose();
    }),
  },
});
report({
  name: 'metered-wasm/quickjs run=whole',
  value: starts.run,
  unit: 'ms',
  baseline: starts.plain,
  baselineName: 'a context of a shared engine without metering, on the calling thread',
});
