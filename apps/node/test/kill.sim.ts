import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSeededRandom } from '@hypermesh/core/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FourProcesses, type Name, names, openFourProcesses } from './four-processes.ts';
import { startLoad } from './mesh-load/load.ts';
import { expectNothingLost, expectOneVoteEach } from './mesh-load/verdict.ts';
import { startNode } from './processes.ts';

const isLong = process.env['HYPERMESH_SIM'] === 'long';
const lengthMs = isLong ? 300_000 : 20_000;
const clients = isLong ? 4 : 2;
const seed = process.env['HYPERMESH_SEED'] ?? `${randomInt(2 ** 31)}`;

// Four processes on a machine that is busy take their time to come back, again and again.
vi.setConfig({ testTimeout: lengthMs + 280_000, hookTimeout: 120_000 });

describe('a mesh of four processes under load', () => {
  let mesh: FourProcesses;
  beforeAll(async () => {
    mesh = await openFourProcesses();
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  it('whose processes are killed at random moments loses nothing that was acknowledged, and nobody votes twice', async () => {
    console.log(`seed ${seed}: HYPERMESH_SEED=${seed} npx -y pnpm@12 sim apps/node`);
    const random = createSeededRandom(seed);
    const killing = random.fork('killing');
    const away = new Set<Name>();
    const logs: string[] = [];
    const load = startLoad(mesh, random, { clients, pauseMs: 50, isAway: (name) => away.has(name) });
    const endMs = performance.now() + lengthMs;
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const coming: Promise<void>[] = [];
    let kills = 0;
    let acknowledgedBefore = 0;
    let lastKillMs = 0;
    // On a machine that is busy it goes on until something was acknowledged between kills.
    const wanted = isLong ? (['operation', 'published', 'installed', 'ran', 'added'] as const) : [];
    const isEnough = () =>
      performance.now() >= endMs &&
      kills >= 2 &&
      load.journal.length >= 5 &&
      wanted.every((kind) => load.journal.some((entry) => entry.kind === kind));
    while (!isEnough()) {
      await pause(200 + killing.below(isLong ? 6_000 : 3_000));
      const name = names[killing.below(names.length)] ?? 'amber';
      // Mostly one is away, so that work goes on, and now and then two: then nothing can be acknowledged until one is back.
      if (away.has(name) || away.size >= (killing.below(4) === 0 ? 2 : 1)) continue;
      if (kills > 0 && load.journal.length === acknowledgedBefore && performance.now() - lastKillMs < 20_000)
        continue;
      acknowledgedBefore = load.journal.length;
      lastKillMs = performance.now();
      away.add(name);
      kills++;
      const node = mesh.nodes[name];
      const ended = await node.end('SIGKILL');
      if (ended !== 'SIGKILL') {
        // What it wrote last says why, and where nobody sees the whole it stays beside the reports.
        const report = fileURLToPath(new URL(`../../../.reports/kill-${seed}-${name}.log`, import.meta.url));
        mkdirSync(dirname(report), { recursive: true });
        writeFileSync(report, node.log());
        throw new Error(`${name} had ended by itself with ${ended}; ${report}: ${node.log().slice(-4_000)}`);
      }
      logs.push(node.log());
      const downMs = killing.below(2_000);
      coming.push(
        pause(downMs).then(async () => {
          mesh.nodes[name] = await startNode(mesh.directoryOf(name).path);
          away.delete(name);
        }),
      );
    }
    await Promise.all(coming);
    await load.stop();
    const height = await expectNothingLost(mesh, load);
    await expectOneVoteEach(mesh, logs);
    const kinds = Object.groupBy(load.journal, ({ kind }) => kind);
    const counts = Object.fromEntries(Object.entries(kinds).map(([kind, all]) => [kind, all.length]));
    console.log(
      JSON.stringify({
        seed,
        kills,
        height,
        acknowledged: counts,
        failed: Object.fromEntries(load.failures),
      }),
    );
    expect(kills).toBeGreaterThan(0);
    expect(load.journal.length).toBeGreaterThan(0);
    expect(Object.keys(counts)).toEqual(expect.arrayContaining([...wanted]));
  });
});
