import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSeededRandom } from '@hypermesh/core/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NodeStatus } from '../src/status.ts';
import { type FourProcesses, names, openFourProcesses } from './four-processes.ts';
import { startLoad } from './mesh-load/load.ts';
import { type Sample, slopePerMinute } from './mesh-load/slope.ts';
import { expectNothingLost, expectOneVoteEach } from './mesh-load/verdict.ts';

const isLong = process.env['HYPERMESH_SIM'] === 'long';
/** `HYPERMESH_SOAK_MINUTES=30 npx -y pnpm@12 sim apps/node` */
const minutes = Number(process.env['HYPERMESH_SOAK_MINUTES'] ?? 30);
const lengthMs = minutes * 60_000;
/** The first part fills caches, engines and pools. */
const warmUpShare = 1 / 3;
const sampleMs = 5_000;
/** What a process may grow by after the warm-up, bytes a minute: what the ledger it keeps grows by, and measuring. */
const boundPerMinute = 1.5 * 2 ** 20;

vi.setConfig({ testTimeout: lengthMs + 280_000, hookTimeout: 120_000 });

describe('a mesh of four processes that works for long', () => {
  let mesh: FourProcesses;
  beforeAll(async () => {
    if (isLong) mesh = await openFourProcesses();
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  it('stays as large as it was', async (ctx) => {
    if (!isLong) ctx.skip('it takes half an hour: npx -y pnpm@12 sim apps/node');
    const load = startLoad(mesh, createSeededRandom('soak'), { clients: 1, pauseMs: 1_500 });
    const report = fileURLToPath(new URL('../../../.reports/soak.jsonl', import.meta.url));
    mkdirSync(dirname(report), { recursive: true });
    const samples = new Map(names.map((name): [string, Sample[]] => [name, []]));
    const startedMs = performance.now();
    while (performance.now() - startedMs < lengthMs) {
      await new Promise((resolve) => setTimeout(resolve, sampleMs));
      for (const name of names) {
        const { residentBytes } = await mesh.nodes[name].call<NodeStatus>('status');
        const sample = { atMs: Math.round(performance.now() - startedMs), bytes: residentBytes };
        samples.get(name)?.push(sample);
        appendFileSync(report, `${JSON.stringify({ name, ...sample, acknowledged: load.journal.length })}\n`);
      }
    }
    await load.stop();
    const height = await expectNothingLost(mesh, load);
    await expectOneVoteEach(mesh, []);
    const slopes = Object.fromEntries(
      [...samples].map(([name, all]) => [
        name,
        Math.round(slopePerMinute(all.filter(({ atMs }) => atMs > lengthMs * warmUpShare))),
      ]),
    );
    const last = Object.fromEntries([...samples].map(([name, all]) => [name, all.at(-1)?.bytes]));
    const figures = {
      minutes,
      height,
      acknowledged: load.journal.length,
      bytesPerMinute: slopes,
      residentBytes: last,
    };
    console.log(JSON.stringify({ ...figures, failed: Object.fromEntries(load.failures) }));
    appendFileSync(join(dirname(report), 'soak.json'), `${JSON.stringify(figures)}\n`);
    for (const name of names) expect(slopes[name]).toBeLessThan(boundPerMinute);
  });
});
