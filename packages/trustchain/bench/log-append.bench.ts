/** Durable appends to the log, against hashing alone: two SHA-256 a leaf in memory. */
import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interleave, report } from '@hypermesh/bench';
import { createSigner } from '@hypermesh/core/ed25519';
import { openLog } from '@hypermesh/trustchain/log';

const folder = await mkdtemp(join(tmpdir(), 'hypermesh-bench-'));
const log = await openLog({
  directory: folder,
  origin: 'example.org/bench',
  signer: createSigner(new Uint8Array(32).fill(1)),
});
const entry = new Uint8Array(100).fill(7);
const node = new Uint8Array(65).fill(1);

/** Entries a second when `width` appends are always under way. */
async function appends(count: number, width: number): Promise<number> {
  const startMs = performance.now();
  let left = count;
  const appender = async () => {
    for (; left > 0; left -= 1) await log.append(entry);
  };
  await Promise.all(Array.from({ length: width }, appender));
  return (count * 1000) / (performance.now() - startMs);
}

function hashing(count: number): number {
  const startMs = performance.now();
  for (let done = 0; done < count; done += 1) {
    hash('sha256', entry, 'buffer');
    hash('sha256', node, 'buffer');
  }
  return (count * 1000) / (performance.now() - startMs);
}

const rates = await interleave({
  rounds: 7,
  cases: {
    one: () => appends(50, 1),
    many: () => appends(10_000, 1000),
    hashing: () => hashing(50_000),
  },
});
await log.close();
await rm(folder, { recursive: true });

const baseline = { baseline: rates.hashing, baselineName: 'two SHA-256 of node:crypto an entry' };
report({
  name: 'trustchain/log-append waiting=1000',
  value: rates.many,
  unit: '1/s',
  ...baseline,
  aim: '>= 0.08',
});
report({ name: 'trustchain/log-append waiting=1', value: rates.one, unit: '1/s', ...baseline });
