import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { interleave, report } from '@hypermesh/bench';
import { checkMetered, meter } from '@hypermesh/metered-wasm';

/* What metering a real module of 1 MB costs, beside the engine's own validation of the same bytes. */

const require = createRequire(import.meta.url);
const file = join(dirname(require.resolve('brotli-wasm')), 'pkg.node/brotli_wasm_bg.wasm');
const bytes = new Uint8Array(readFileSync(file));
const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
const options = { allowImports: imports.map(({ module, name }) => `${module}.${name}`) };
const verdict = meter(bytes, options);
if (!verdict.ok) throw new Error(`${verdict.reason}: ${verdict.detail}`);
const { module } = verdict;
const megabytes = bytes.length / 1e6;

/** Milliseconds per megabyte of the module. */
const timed = (work: () => unknown) => () => {
  const startMs = performance.now();
  work();
  return (performance.now() - startMs) / megabytes;
};
/** The module with another custom section behind it each time, since engines remember what they have seen. */
let turn = 0;
function unseen(): Uint8Array<ArrayBuffer> {
  turn++;
  const copy = new Uint8Array(bytes.length + 6);
  copy.set(bytes);
  copy.set([0, 4, 1, 0x78, turn & 0xff, turn >> 8], bytes.length);
  return copy;
}
const sampled = await interleave({
  rounds: 11,
  warmup: 3,
  cases: {
    meter: timed(() => meter(bytes, options)),
    check: timed(() => checkMetered(module, options)),
    validate: timed(() => WebAssembly.validate(unseen())),
  },
});
for (const name of ['meter', 'check'] as const) {
  report({
    name: `metered-wasm/${name} module=brotli`,
    value: sampled[name],
    unit: 'ms/MB',
    baseline: sampled.validate,
    baselineName: 'WebAssembly.validate of the module',
  });
}
report({
  name: 'metered-wasm/size module=brotli',
  value: module.length,
  unit: 'bytes',
  baseline: bytes.length,
  baselineName: 'the module without metering',
});
