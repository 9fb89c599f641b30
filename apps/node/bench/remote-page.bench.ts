import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { interleave, openRedis, report } from '@hypermesh/bench';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { type Channel, createMemoryClient } from '@hypermesh/proxy-nat';
import { connectTcp } from '@hypermesh/proxy-nat/tcp';
import { createStoq, generatePinnedKey, pinnedKeys } from '@hypermesh/stoq';
import { stoqChannel } from '../src/adapters/stoq-channel.ts';
import { memoryStream } from '../src/memory/protocol.ts';

/** Pages of 4 KiB of another process over STOQ (QUIC, sealed twice over, authenticated) and over bare TCP, against redis. */
const PAGE = 4096;
const CALLS = 400;
const PAGES = 1_024;
const program = fileURLToPath(new URL('./programs/lender.ts', import.meta.url));
const lender = spawn(process.execPath, ['--conditions=@hypermesh/source', program], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = await once(lender.stdout, 'data');
const { port, address, token } = JSON.parse(String(line)) as { port: number; address: string; token: string };
const stoq = await createStoq({ auth: pinnedKeys({ self: generatePinnedKey(), allow: 'any' }) });
const peer = await stoq.connect(address);
const attach = async (connect: () => Promise<Channel>) => {
  const client = createMemoryClient({ connect, clock: systemClock, random: systemRandom });
  return { client, memory: await client.attach(Buffer.from(token, 'hex')) };
};
const overStoq = await attach(async () => stoqChannel(await peer.openMessages(memoryStream)));
const overTcp = await attach(() => connectTcp({ port }));
const opened = await openRedis();
const redis = 'absent' in opened ? undefined : opened;
if ('absent' in opened) console.log(`without the redis baseline: ${opened.absent}`);
const page = Buffer.alloc(PAGE, 7);
for (let n = 0; n < PAGES; n += 1) await redis?.set(`page:${n}`, page);

const place = (n: number): number => ((n * 7919) % PAGES) * PAGE;
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
const read = (from: typeof overTcp) => (n: number) => from.memory.read(place(n), PAGE);

const results = await interleave({
  rounds: 5,
  cases: {
    stoq: () => p50(read(overStoq)),
    tcp: () => p50(read(overTcp)),
    redis: () => p50(async (n) => redis?.get(`page:${place(n) / PAGE}`)),
    deepStoq: () => throughput(read(overStoq)),
    deepTcp: () => throughput(read(overTcp)),
  },
});
const name = (carrier: string, depth: number) =>
  `node/remote-page channel=${carrier} bytes=4096 depth=${depth}`;
const against = redis === undefined ? {} : { baseline: results.redis, baselineName: 'redis-server, TCP' };
report({ name: name('stoq', 1), value: results.stoq, unit: 'us p50', ...against });
report({
  name: name('tcp', 1),
  value: results.tcp,
  unit: 'us p50',
  ...against,
  ...(redis === undefined ? {} : { aim: '<= 1.15' }),
});
report({
  name: name('stoq', 64),
  value: results.deepStoq,
  unit: 'MB/s',
  baseline: results.deepTcp,
  baselineName: 'the same over TCP, neither sealed nor authenticated',
});

overStoq.client.close();
overTcp.client.close();
await stoq.close();
await redis?.[Symbol.asyncDispose]();
lender.stdin.end();
await once(lender, 'exit');
