/** Falcon-1024 through the suite by liboqs, against noble called directly and, where it goes to the worker, as a suite. */
import { interleave, report } from '@hypermesh/bench';
import { suiteFor } from '@hypermesh/trustchain/suite';
import { falcon1024padded } from '@noble/post-quantum/falcon.js';

const message = new Uint8Array(200).fill(1);
const liboqs = suiteFor('falcon-1024-r3', { backend: 'liboqs' });
const noble = suiteFor('falcon-1024-r3', { backend: 'noble' });
const pair = await liboqs.generate();
const signature = await liboqs.sign(message, pair.secretKey);

/** Calls a second over `count` calls, one after the other. */
async function perSecond(count: number, call: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  for (let done = 0; done < count; done += 1) await call();
  return (count * 1000) / (performance.now() - startMs);
}

/** Calls per second of this thread's own processor time, which what else runs on the machine does not change. */
async function perProcessorSecond(count: number, call: () => Promise<unknown>): Promise<number> {
  const start = process.threadCpuUsage();
  for (let done = 0; done < count; done += 1) await call();
  const { user, system } = process.threadCpuUsage(start);
  return (count * 1e6) / (user + system);
}

const verify = await interleave({
  rounds: 9,
  warmup: 2,
  cases: {
    liboqs: () => perProcessorSecond(1000, () => liboqs.verify(signature, message, pair.publicKey)),
    noble: () =>
      perProcessorSecond(100, async () => falcon1024padded.verify(signature, message, pair.publicKey)),
  },
});
report({
  name: 'trustchain/falcon-verify backend=liboqs',
  value: verify.liboqs,
  unit: '1/cpu-s',
  baseline: verify.noble,
  baselineName: 'noble',
  aim: '>= 8',
});

const generate = await interleave({
  rounds: 5,
  cases: {
    liboqs: () => perSecond(4, () => liboqs.generate()),
    noble: () => perSecond(2, () => noble.generate()),
  },
});
report({
  name: 'trustchain/falcon-generate backend=liboqs',
  value: generate.liboqs,
  unit: '1/s',
  baseline: generate.noble,
  baselineName: 'noble',
  aim: '>= 8',
});

const sign = await interleave({
  rounds: 5,
  cases: {
    liboqs: () => perSecond(20, () => liboqs.sign(message, pair.secretKey)),
    noble: () => perSecond(20, () => noble.sign(message, pair.secretKey)),
  },
});
report({
  name: 'trustchain/falcon-sign backend=liboqs',
  value: sign.liboqs,
  unit: '1/s',
  baseline: sign.noble,
  baselineName: 'noble',
});
