import createPlugin from '@extism/extism';
import { interleave, report } from '@hypermesh/bench';
import { createTestHost, signedPackage } from '../src/testing/index.ts';
import { compileGuest } from '../test/guest.ts';
import { compileExtismGuest } from './extism-guest.ts';

/* One call of 100 bytes into a sandbox in a worker and back, through the broker, beside a call of Extism 1.0.3 in its worker. */

const CALLS = 200;
const test = createTestHost({
  policy: {
    pinned: ['author'],
    grants: [],
    callers: [{ client: '*', method: '*' }],
    rate: { perSecond: 1e6, burst: 1e6 },
    limits: { callsPerSecond: 1e6, cpuBp: 640_000 },
  },
});
const limits = { memory_mb: 32, cpu_percent: 6400 };
const script = `export const extension = { id: 'bench.script', ops: { 'script.echo': { run: (p) => p } } };`;
const packages = [
  { id: 'bench.script', entry: script, limits },
  { id: 'bench.local', entry: script.replaceAll('script', 'local'), tier: 'trusted', limits } as const,
  { id: 'acme.guest', type: 'wasm', entry: await compileGuest(), limits, optional: ['asset:read'] } as const,
];
for (const each of packages) {
  const [outcome] = await test.host.load([{ files: await signedPackage(each, test.signer) }]);
  if (outcome?.ok !== true) throw new Error(JSON.stringify(outcome));
}
const params = 'x'.repeat(100);
const calls = (method: string) => async () => {
  const startMs = performance.now();
  for (let at = 0; at < CALLS; at++) {
    const answer = await test.host.handle({ client: 'bench', method, params });
    if (answer.status !== 'success') throw new Error(JSON.stringify(answer));
  }
  return ((performance.now() - startMs) / CALLS) * 1_000;
};

const plugin = await createPlugin(
  { wasm: [{ data: await compileExtismGuest() }] },
  { useWasi: false, runInWorker: true },
);
const extism = async () => {
  const startMs = performance.now();
  for (let at = 0; at < CALLS; at++) {
    const answer = await plugin.call('echo', params);
    if (answer?.bytes().length !== params.length) throw new Error('no echo');
  }
  return ((performance.now() - startMs) / CALLS) * 1_000;
};

const sampled = await interleave({
  rounds: 9,
  warmup: 3,
  cases: { extism, script: calls('script.echo'), module: calls('guest.echo'), trusted: calls('local.echo') },
});
const beside = { baseline: sampled.extism, baselineName: 'Extism 1.0.3 in its worker', unit: 'us' };
report({
  name: 'extension-sdk/worker-call tier=strict engine=quickjs bytes=100',
  value: sampled.script,
  ...beside,
  aim: '<= 0.1667',
});
report({
  name: 'extension-sdk/worker-call tier=strict engine=wasm bytes=100',
  value: sampled.module,
  ...beside,
  aim: '<= 0.1667',
});
report({ name: 'extension-sdk/broker-call tier=trusted bytes=100', value: sampled.trusted, ...beside });
await plugin.close();
await test[Symbol.asyncDispose]();
