import { Worker } from 'node:worker_threads';
import { interleave, report } from '@hypermesh/bench';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import { createBoundedClaims, createExecutors, javascriptExecutor, wasmExecutor } from '@hypermesh/executors';

/* A whole run, from the claim to the signed statement, of a program that was run before; beside a bare worker's start. */

const ECHO = Buffer.from(
  'AGFzbQEAAAABEgNgAAF/YAF/AX9gBH9/f38BfgMEAwABAgUDAQABBygEBmhtX2FiaQAACGhtX2FsbG9jAAEHaG1fY2FsbAACBm1lbW9yeQIAChkDBABBAQsFAEGACAsMACACrUIghiADrYQL',
  'base64',
);
const policy = {
  maxFuel: 2n ** 40n,
  maxMemoryPages: 1_024,
  maxDeadlineMs: 60_000,
  maxOutputBytes: 2 ** 20,
  inlineOutputBytes: 2 ** 18,
};
const host = { architecture: 'x64', millicores: 1_000, memoryBytes: 2 ** 33, storageBytes: 2 ** 33 };
await using executors = await createExecutors(
  [wasmExecutor(), javascriptExecutor()],
  {
    claims: createBoundedClaims({ runs: 2, memoryBytes: 2 ** 30 }),
    outputs: { put: async () => ({ root: '' }) },
    signer: createSigner(generateKey().secretKey),
    monotonicMs: () => performance.now(),
  },
  { policy, host },
);
const wasm = {
  type: 'vm.wasm',
  files: new Map([['main.wasm', new Uint8Array(ECHO)]]),
  entrypoint: 'main.wasm',
};
const code = new TextEncoder().encode('export default (input) => input;');
const script = { type: 'library.javascript', files: new Map([['index.js', code]]), entrypoint: 'index.js' };
const limits = {
  fuel: 100_000_000n,
  memoryPages: 128,
  deadlineMs: 60_000,
  requester: 'bench',
  context: 'bench',
};

const timed = (work: () => Promise<unknown>) => async () => {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
};
const run = (program: typeof wasm, operation: string) =>
  timed(async () => {
    const report = await executors.run({
      work: { program, operation, input: new Uint8Array(100) },
      ...limits,
    });
    if (report.exit !== 'ok') throw new Error(report.detail);
  });
const sampled = await interleave({
  rounds: 15,
  warmup: 3,
  cases: {
    wasm: run(wasm, 'run'),
    javascript: run(script, 'default'),
    worker: timed(async () => {
      const worker = new Worker('', { eval: true });
      await new Promise((resolve) => worker.once('exit', resolve));
    }),
  },
});
for (const type of ['wasm', 'javascript'] as const) {
  report({
    name: `executors/run type=${type} warm`,
    value: sampled[type],
    unit: 'ms',
    baseline: sampled.worker,
    baselineName: 'start and end of an empty worker thread',
    aim: '<= 0.5',
  });
}
