import { monitorEventLoopDelay } from 'node:perf_hooks';
import { interleave, report } from '@hypermesh/bench';
import { createTestHost, signedPackage } from '../src/testing/index.ts';
import { compileGuest } from '../test/guest.ts';

/* How late the host's timers are while extensions spin, grow and recurse without end, beside the same host at rest. */

const WINDOW_MS = 1_500;
const limits = { memory_mb: 32, cpu_percent: 400 };
const test = createTestHost();
const script = `export const extension = { id: 'acme.script', ops: {
  'script.spin': { run: () => { for (;;) ; } },
  'script.heap': { run: () => { const all = []; for (;;) all.push({ a: [1, 2, 3] }); } },
  'script.regex': { run: () => /^(a+)+$/.test('a'.repeat(60) + 'b') },
} };`;
const module = await compileGuest();
const packages = [
  { id: 'acme.script', entry: script, limits },
  { id: 'acme.guest', type: 'wasm', entry: module, limits, optional: ['asset:read'] } as const,
];
for (const each of packages) {
  const [outcome] = await test.host.load([{ files: await signedPackage(each, test.signer) }]);
  if (outcome?.ok !== true) throw new Error(JSON.stringify(outcome));
}

async function lateness(work: (until: number) => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await work(performance.now() + WINDOW_MS);
  delay.disable();
  return delay.percentile(99) / 1e6;
}
const attacks = ['script.spin', 'script.heap', 'script.regex', 'guest.spin', 'guest.bomb', 'guest.recurse'];
async function attack(until: number): Promise<void> {
  const spin = async (from: number, step: number) => {
    for (let at = from; performance.now() < until; at += step) {
      const method = attacks[at % attacks.length] ?? '';
      await test.host.handle({ client: 'bench', method, deadlineMs: 300 });
    }
  };
  await Promise.all([spin(0, 1), spin(3, 1)]);
}
const rest = (until: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, until - performance.now()));

const sampled = await interleave({
  rounds: 7,
  cases: { attacked: () => lateness(attack), atRest: () => lateness(rest) },
});
report({
  name: 'extension-sdk/hostile quantile=99 timers=5ms',
  value: sampled.attacked,
  unit: 'ms',
  baseline: sampled.atRest,
  baselineName: 'the same timers at rest',
});
await test[Symbol.asyncDispose]();
