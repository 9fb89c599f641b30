import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from '@hypermesh/client';
import { createSeededRandom } from '@hypermesh/core/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FourProcesses, names, openFourProcesses } from './four-processes.ts';
import { startLoad } from './mesh-load/load.ts';
import { type Sample, slopePerMinute } from './mesh-load/slope.ts';
import { expectNothingLost, expectOneVoteEach } from './mesh-load/verdict.ts';
import { startBuiltNode } from './processes.ts';

const isLong = process.env['HYPERMESH_SIM'] === 'long';
/** `HYPERMESH_SOAK_MINUTES=30 npx -y pnpm@12 sim apps/node` */
const minutes = Number(process.env['HYPERMESH_SOAK_MINUTES'] ?? 30);
const lengthMs = minutes * 60_000;
/** The first part fills caches, engines and pools. */
const warmUpShare = 1 / 3;
const sampleMs = 5_000;
/** What a process may grow by after the warm-up, bytes a minute: what the ledger it keeps grows by, and measuring. */
const boundPerMinute = 1.5 * 2 ** 20;
/** What is sampled: the process as the system sees it, and what JavaScript holds within and outside of its heap. */
const gauges = {
  resident: 'hypermesh_process_resident_bytes',
  heap: 'hypermesh_process_heap_bytes',
  external: 'hypermesh_process_external_bytes',
} as const;
type Gauge = keyof typeof gauges;

vi.setConfig({ testTimeout: lengthMs + 280_000, hookTimeout: 120_000 });

describe('a mesh of four processes that works for long', () => {
  let mesh: FourProcesses;
  beforeAll(async () => {
    // The command as an operator has it: how much memory a daemon keeps is decided as it begins.
    if (isLong) mesh = await openFourProcesses(startBuiltNode);
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  it('stays as large as it was', async (ctx) => {
    if (!isLong) ctx.skip('it takes half an hour: npx -y pnpm@12 sim apps/node');
    const load = startLoad(mesh, createSeededRandom('soak'), { clients: 1, pauseMs: 1_500 });
    const report = fileURLToPath(new URL('../../../.reports/soak.jsonl', import.meta.url));
    mkdirSync(dirname(report), { recursive: true });
    const samples = names.flatMap((name) =>
      (Object.keys(gauges) as Gauge[]).map((gauge) => ({ name, gauge, all: [] as Sample[] })),
    );
    const startedMs = performance.now();
    while (performance.now() - startedMs < lengthMs) {
      await new Promise((resolve) => setTimeout(resolve, sampleMs));
      for (const name of names) {
        const { metrics } = await mesh.nodes[name].call<Result<'metrics'>>('metrics');
        const atMs = Math.round(performance.now() - startedMs);
        const line: Record<string, number | string> = { name, atMs, acknowledged: load.journal.length };
        for (const series of samples.filter((each) => each.name === name)) {
          const bytes = metrics.find((metric) => metric.name === gauges[series.gauge])?.series[0]?.value;
          if (bytes === undefined) throw new Error(`${name} does not say its ${series.gauge} bytes`);
          series.all.push({ atMs, bytes });
          line[series.gauge] = bytes;
        }
        appendFileSync(report, `${JSON.stringify(line)}\n`);
      }
    }
    await load.stop();
    const height = await expectNothingLost(mesh, load);
    await expectOneVoteEach(mesh, []);
    const slopes = samples.map(({ name, gauge, all }) => ({
      name,
      gauge,
      lastBytes: all.at(-1)?.bytes,
      bytesPerMinute: Math.round(slopePerMinute(all.filter(({ atMs }) => atMs > lengthMs * warmUpShare))),
    }));
    const figures = { minutes, height, acknowledged: load.journal.length, boundPerMinute, slopes };
    console.log(JSON.stringify({ ...figures, failed: Object.fromEntries(load.failures) }));
    appendFileSync(join(dirname(report), 'soak.json'), `${JSON.stringify(figures)}\n`);
    expect(slopes.filter(({ bytesPerMinute }) => bytesPerMinute >= boundPerMinute)).toEqual([]);
  });
});
