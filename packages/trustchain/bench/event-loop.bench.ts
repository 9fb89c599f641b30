/** How long the slowest calls keep the event loop of the calling thread from turning. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { interleave, report } from '@hypermesh/bench';
import { createKeystore, openKeystore } from '@hypermesh/trustchain/keystore';
import { suiteFor } from '@hypermesh/trustchain/suite';
import { falcon1024padded } from '@noble/post-quantum/falcon.js';

/** The longest time in milliseconds between two turns of a timer of 1 ms while `work` goes on. */
async function longestTurn(work: () => unknown): Promise<number> {
  let longestMs = 0;
  let lastMs = performance.now();
  const turn = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const timer = setInterval(turn, 1);
  await wait(5);
  longestMs = 0;
  await work();
  await wait(5);
  clearInterval(timer);
  return longestMs;
}

const folder = await mkdtemp(join(tmpdir(), 'hypermesh-bench-'));
const keys = { path: join(folder, 'keys'), passphrase: 'a passphrase for a bench' };
(await createKeystore(keys)).close();
const liboqs = suiteFor('falcon-1024-r3', { backend: 'liboqs' });
const noble = suiteFor('falcon-1024-r3', { backend: 'noble' });
const mlDsa = suiteFor('ml-dsa-65');
const falcon = await liboqs.generate();
const dsa = await mlDsa.generate();
const message = new Uint8Array(1000);

const turns = await interleave({
  rounds: 5,
  cases: {
    'falcon-generate backend=liboqs': () => longestTurn(() => liboqs.generate()),
    'falcon-generate backend=noble': () => longestTurn(() => noble.generate()),
    'falcon-sign backend=liboqs': () => longestTurn(() => liboqs.sign(message, falcon.secretKey)),
    'ml-dsa-65-sign backend=native': () => longestTurn(() => mlDsa.sign(message, dsa.secretKey)),
    'keystore-open memoryKiB=65536': () => longestTurn(() => openKeystore(keys)),
    direct: () => longestTurn(() => falcon1024padded.keygen()),
  },
});
await rm(folder, { recursive: true });

const { direct, ...measured } = turns;
for (const [name, value] of Object.entries(measured)) {
  report({
    name: `trustchain/event-loop-longest-turn ${name}`,
    value,
    unit: 'ms',
    baseline: direct,
    baselineName: 'noble Falcon key generation on the calling thread',
    aim: '<= 20 ms',
  });
}
