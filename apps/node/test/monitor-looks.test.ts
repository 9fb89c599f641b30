import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { type Clock, silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { createManualClock } from '@hypermesh/core/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEvents } from '../src/events/hub.ts';
import { watchDelay } from '../src/monitor/delay.ts';
import { openNodeLog } from '../src/monitor/logs/node-log.ts';
import { readLogs } from '../src/monitor/logs/read.ts';
import { createMetrics } from '../src/monitor/metrics/registry.ts';
import { openMonitor } from '../src/monitor/monitor.ts';
import { watchPeerClocks } from '../src/monitor/peer-clocks.ts';
import { metricTable } from '../src/monitor/table/index.ts';
import {
  certify,
  createMemoryNetwork,
  createTestAuthority,
  memoryNode,
  type TestIdentity,
  temporaryDirectory,
  until,
} from './support.ts';

const startMs = 1_800_000_000_000;

function watchedNode(directory: ReturnType<typeof temporaryDirectory>) {
  mkdirSync(directory.path, { recursive: true });
  const clock = createManualClock(startMs);
  const metrics = createMetrics(metricTable);
  const events = createEvents({ clock });
  const bounds = { fileBytes: 1_000_000, files: 2 };
  const log = openNodeLog(directory.logs, { beside: silentLog, least: 'info', bounds, clock, metrics });
  const monitor = openMonitor(directory, { metrics, log, clock, events });
  return { clock, metrics, events, log, monitor, [Symbol.dispose]: () => monitor[Symbol.dispose]() };
}

describe('a node that watches itself', () => {
  it('looks every 10 seconds, tells of alerts once, and reads its rules again when their file changes', async () => {
    using directory = temporaryDirectory();
    using node = watchedNode(directory);
    const stop = new AbortController();
    const heard: unknown[] = [];
    const hearing = (async () => {
      for await (const { data } of node.events.subscribe(['alerts'], { signal: stop.signal }))
        heard.push(data);
    })();
    node.metrics.set('certificate_remaining_ratio', 0.1);
    node.clock.advance(60_000);
    expect(node.monitor.alerts.current()).toMatchObject([{ rule: 'certificate-ending', state: 'firing' }]);
    expect(
      node.monitor.history
        .query({ series: ['hypermesh_process_resident_bytes'], fromMs: startMs, toMs: startMs + 60_000 })
        .series[0]?.values.filter((value) => value !== null),
    ).toHaveLength(6);

    writeFileSync(directory.alertRules, 'disable = ["certificate-ending"]\n');
    node.clock.advance(10_000);
    expect(node.monitor.alerts.current()).toEqual([]);
    expect(node.monitor.alerts.past()).toMatchObject([{ rule: 'certificate-ending', state: 'resolved' }]);

    writeFileSync(directory.alertRules, 'disable = []\n\n[[rule]]\nname = "No Name"\n');
    utimesSync(directory.alertRules, 1, 1);
    node.clock.advance(10_000);
    expect(node.monitor.settings()).toMatchObject({
      settings: { disable: ['certificate-ending'] },
      problem: expect.stringContaining(`${directory.alertRules}:4: name of rule 1 must be`),
    });
    node.clock.advance(20_000);
    await until(() => heard.length >= 2);
    stop.abort();
    await hearing;
    expect(heard).toMatchObject([{ state: 'firing' }, { state: 'resolved' }]);
    const lines = await readLogs(directory.logs, { limit: 10, event: 'alert.' });
    expect(lines.map(({ event }) => event)).toEqual(['alert.bad-rules', 'alert.resolved', 'alert.firing']);
  });

  it('starts with the default rules where its file is wrong, and takes what is set in its place', () => {
    using directory = temporaryDirectory();
    mkdirSync(directory.path, { recursive: true });
    writeFileSync(directory.alertRules, 'disable = 3\n');
    {
      using node = watchedNode(directory);
      expect(node.monitor.settings().problem).toContain(`${directory.alertRules}:1`);
      expect(node.monitor.alerts.rules().length).toBeGreaterThan(10);
      node.monitor.setSettings({ disable: ['no-block'], rule: [] });
      expect(node.monitor.settings().problem).toBeUndefined();
      expect(node.monitor.alerts.rules().map(({ name }) => name)).not.toContain('no-block');
    }
    using again = watchedNode(directory);
    expect(again.monitor.settings()).toEqual({ settings: { disable: ['no-block'], rule: [] } });
  });

  it('measures its process and its disk', () => {
    using directory = temporaryDirectory();
    using node = watchedNode(directory);
    node.metrics.read();
    for (const name of [
      'process_resident_bytes',
      'process_heap_bytes',
      'disk_free_bytes',
      'process_memory_cap_bytes',
    ])
      expect(node.metrics.total(name)).toBeGreaterThan(1_000_000);
    expect(node.metrics.total('process_cpu_seconds_total', { mode: 'user' })).toBeGreaterThan(0);
    expect(node.metrics.total('disk_free_ratio')).toBeLessThanOrEqual(1);
    expect(node.metrics.dropped).toBe(0);
  });
});

describe('the delay of a thread', () => {
  it('is how late its tasks come, one that hangs now among them', () => {
    const real = createManualClock(startMs);
    let hangsMs = 0;
    const clock: Clock = { ...real, monotonicMs: () => real.monotonicMs() + hangsMs };
    using delay = watchDelay(clock);
    real.advance(9_900);
    hangsMs = 700;
    real.advance(100);
    const { median, p99, most } = delay.take();
    expect([median, p99, most]).toEqual([0, 0.7, 0.7]);
    hangsMs += 5_000;
    expect(delay.take().most).toBeCloseTo(4.9);
  });
});

describe('the clocks of members', () => {
  let identities: readonly TestIdentity[];
  beforeAll(async () => {
    const mesh = await createTestAuthority();
    identities = await Promise.all([certify(mesh), certify(mesh), certify(mesh), certify(mesh)]);
  });

  it('are compared with this one: the median of what they say, whatever one of them lies', async () => {
    await using cleanup = new AsyncDisposableStack();
    const network = createMemoryNetwork();
    const offsetsMs = [0, 30_000, 30_000, -1_000_000_000];
    const nodes = [];
    for (const [index, identity] of identities.entries()) {
      const stoq = cleanup.use(await memoryNode(network, `node-${index}`, identity));
      const clock = { ...systemClock, nowMs: () => Date.now() + (offsetsMs[index] ?? 0) };
      nodes.push({ stoq, clocks: cleanup.use(watchPeerClocks(stoq, clock)) });
    }
    const [own, second] = nodes;
    if (own === undefined || second === undefined) throw new Error('there are four');
    expect(own.clocks.offsetSeconds()).toBeNaN();
    for (let index = 1; index < 4; index += 1) await own.stoq.connect(`memory://node-${index}`);
    await own.clocks.ask();
    // A machine that is busy with other things answers late, by less than this.
    expect(own.clocks.offsetSeconds()).toBeGreaterThan(28);
    expect(own.clocks.offsetSeconds()).toBeLessThan(32);
    await second.clocks.ask();
    expect(second.clocks.offsetSeconds()).toBeGreaterThan(-32);
    expect(second.clocks.offsetSeconds()).toBeLessThan(-28);
  });
});
