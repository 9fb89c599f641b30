import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { interleave, openRedis, report } from '@hypermesh/bench';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createMemoryClient } from '@hypermesh/proxy-nat';
import { connectTcp } from '@hypermesh/proxy-nat/tcp';

/** Pages of 4 KiB of another process over TCP, against redis-server with a client of the same make. */
const PAGE = 4096;
const CALLS = 2_000;
const PAGES = 1_024;
const program = fileURLToPath(new URL('./programs/lender.ts', import.meta.url));
const lender = spawn(process.execPath, ['--conditions=@hypermesh/source', program], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = await once(lender.stdout, 'data');
const { port, token } = JSON.parse(String(line)) as { port: number; token: string };
const client = createMemoryClient({
  connect: () => connectTcp({ port }),
  clock: systemClock,
  random: systemRandom,
});
const memory = await client.attach(Buffer.from(token, 'hex'));
const opened = await openRedis();
const redis = 'absent' in opened ? undefined : opened;
if ('absent' in opened) console.log(`without the redis baseline: ${opened.absent}`);
const page = Buffer.alloc(PAGE, 7);
for (let n = 0; n < PAGES; n += 1) {
  await memory.write(n * PAGE, page);
  await redis?.set(`page:${n}`, page);
}

const place = (n: number): number => (n * 7919) % PAGES;
async function p50(call: (n: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < CALLS; n += 1) {
    const start = performance.now();
    await call(n);
    times.push((performance.now() - start) * 1e3);
  }
  return times.sort((a, b) => a - b)[CALLS / 2] ?? 0;
}
async function throughput(call: (n: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < 8 * CALLS) await call(next++);
  };
  await Promise.all(Array.from({ length: 64 }, lane));
  return (8 * CALLS * PAGE) / 1e6 / ((performance.now() - start) / 1e3);
}
const ours = (n: number) => memory.read(place(n) * PAGE, PAGE);
const put = (n: number) => memory.write(place(n) * PAGE, page);
const theirs = async (n: number) => redis?.get(`page:${place(n)}`);
const theirPut = async (n: number) => redis?.set(`page:${place(n)}`, page);

const cases = {
  get: () => p50(ours),
  put: () => p50(put),
  deepGet: () => throughput(ours),
};
const baseline = {
  redisGet: () => p50(theirs),
  redisPut: () => p50(theirPut),
  redisDeepGet: () => throughput(theirs),
};
const results = await interleave({
  rounds: 7,
  cases: redis === undefined ? cases : { ...cases, ...baseline },
});
const against = (name: keyof typeof baseline, aim: string) => {
  const measured = (results as Partial<Record<keyof typeof baseline, (typeof results)['get']>>)[name];
  return measured === undefined
    ? {}
    : { baseline: measured, baselineName: 'redis-server, TCP, client of the same make', aim };
};
const name = (operation: string, depth: number) =>
  `proxy-nat/${operation} channel=tcp bytes=4096 depth=${depth}`;
report({ name: name('read', 1), value: results.get, unit: 'us p50', ...against('redisGet', '<= 1.15') });
report({ name: name('write', 1), value: results.put, unit: 'us p50', ...against('redisPut', '<= 1.15') });
report({
  name: name('read', 64),
  value: results.deepGet,
  unit: 'MB/s',
  ...against('redisDeepGet', '>= 0.9'),
});

client.close();
await redis?.[Symbol.asyncDispose]();
lender.stdin.end();
await once(lender, 'exit');
