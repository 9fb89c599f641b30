import { interleave, report } from '@hypermesh/bench';
import { silentLog, silentMetrics } from '@hypermesh/core';
import { createManualClock } from '@hypermesh/core/testing';
import { createStoq, generatePinnedKey, pinnedKeys } from '@hypermesh/stoq';
import { openHistory } from '../src/monitor/history/history.ts';
import { exposition } from '../src/monitor/metrics/exposition.ts';
import { createMetrics } from '../src/monitor/metrics/registry.ts';
import { metricTable } from '../src/monitor/table/index.ts';

/** What counting costs: one count, a request over STOQ with and without it, a look every 10 seconds, and its memory. */
const metrics = createMetrics(metricTable);
const label = { reason: 'ok' };
const times = 1_000_000;

function perCall(call: (n: number) => void): number {
  for (let n = 0; n < 10_000; n += 1) call(n);
  const startMs = performance.now();
  for (let n = 0; n < times; n += 1) call(n);
  return ((performance.now() - startMs) * 1e6) / times;
}

const single = await interleave({
  rounds: 7,
  cases: {
    count: () => perCall(() => metrics.count('stoq_requests_total', 1, label)),
    observe: () => perCall((n) => metrics.observe('stoq_request_seconds', (n % 100) / 10_000)),
    silent: () => perCall(() => silentMetrics.count('stoq_requests_total', 1, label)),
  },
});
const none = { baseline: single.silent, baselineName: 'the metrics of those who want none' };
report({ name: 'node/metrics count', value: single.count, unit: 'ns', ...none });
report({ name: 'node/metrics observe', value: single.observe, unit: 'ns', ...none });

/** A server and a client in this process, over QUIC on loopback. */
async function pair(options: { readonly metrics?: ReturnType<typeof createMetrics> }) {
  const make = (listen: readonly string[]) =>
    createStoq({ auth: pinnedKeys({ self: generatePinnedKey(), allow: 'any' }), listen, ...options });
  const server = await make(['quic://[::1]:0']);
  const client = await make([]);
  server.handle('echo', (body) => body);
  return { server, client, peer: await client.connect(server.addresses[0] ?? '') };
}
const [on, off] = [await pair({ metrics }), await pair({})];
const body = Buffer.alloc(64, 1);
const calls = 400;
const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1] ?? Number.NaN;

/** The median of requests of both, one after the other in turn, so that whatever else the machine does falls on both. */
async function requests(): Promise<{ readonly on: number; readonly off: number }> {
  const taken: { readonly on: number[]; readonly off: number[] } = { on: [], off: [] };
  for (let n = 0; n < 2 * calls; n += 1) {
    // Each goes first as often as second.
    const which = (n + (n >> 1)) % 2 === 0 ? 'on' : 'off';
    const startMs = performance.now();
    const result = await (which === 'on' ? on : off).peer.request('echo', body);
    if (!result.ok) throw new Error(result.reason);
    taken[which].push((performance.now() - startMs) * 1e3);
  }
  return { on: median(taken.on), off: median(taken.off) };
}
await requests();
const rounds = [];
for (let round = 0; round < 11; round += 1) rounds.push(await requests());
const summary = (list: readonly number[]) => ({
  median: median(list),
  spread: (Math.max(...list) - Math.min(...list)) / median(list),
  runs: list.length,
  samples: [...list],
});
report({
  name: 'node/metrics stoq-request p50 bytes=64',
  value: summary(rounds.map((round) => round.on)),
  unit: 'us',
  baseline: summary(rounds.map((round) => round.off)),
  baselineName: 'the same without metrics, request by request in turn',
  aim: '<= 1.01',
});
for (const { server, client } of [on, off]) {
  await client.close();
  await server.close();
}

/** A node's day: every metric of the table with three series each where it has labels. */
const day = createMetrics(metricTable);
for (const { name, kind, labels } of metricTable)
  for (const value of labels.length === 0 ? [''] : ['one', 'two', 'three']) {
    const given = Object.fromEntries(labels.map((one) => [one, value]));
    if (kind === 'counter') day.count(name, 1, given);
    else if (kind === 'gauge') day.set(name, 1, given);
    else day.observe(name, 0.01, given);
  }
const clock = createManualClock(1_800_000_000_000);
using history = openHistory({ metrics: day, clock, log: silentLog });
const looks = await interleave({
  rounds: 7,
  cases: {
    look: () => {
      const startMs = performance.now();
      for (let n = 0; n < 360; n += 1) {
        clock.advance(10_000);
        history.sample();
      }
      return ((performance.now() - startMs) * 1e3) / 360;
    },
    scrape: () => {
      const startMs = performance.now();
      for (let n = 0; n < 50; n += 1) exposition(day);
      return ((performance.now() - startMs) * 1e3) / 50;
    },
  },
});
// Ten seconds of one processor are what a look may take a hundredth of.
const tenSeconds = { median: 1e7, spread: 0, runs: 7, samples: [1e7] };
report({
  name: `node/metrics look series=${history.names.length}`,
  value: looks.look,
  unit: 'us',
  baseline: tenSeconds,
  baselineName: 'the time between two looks',
  aim: '<= 0.01',
});
report({
  name: 'node/metrics scrape',
  value: looks.scrape,
  unit: 'us',
  baseline: tenSeconds,
  baselineName: 'the time between two looks',
  aim: '<= 0.01',
});
const bytes = { median: history.memoryBytes, spread: 0, runs: 1, samples: [history.memoryBytes] };
const budget = { median: 300 * 2 ** 20, spread: 0, runs: 1, samples: [300 * 2 ** 20] };
report({
  name: `node/metrics history-memory series=${history.names.length}`,
  value: bytes,
  unit: 'bytes',
  baseline: budget,
  baselineName: 'what a daemon may have',
  aim: '<= 0.02',
});
