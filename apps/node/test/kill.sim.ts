import { randomInt } from 'node:crypto';
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
    while (performance.now() < endMs) {
      await pause(200 + killing.below(isLong ? 6_000 : 3_000));
      const name = names[killing.below(names.length)] ?? 'amber';
      // At most two are away: with three of four gone nothing could be acknowledged that might be lost.
      if (away.has(name) || away.size >= 2) continue;
      away.add(name);
      kills++;
      const node = mesh.nodes[name];
      expect(await node.end('SIGKILL')).toBe('SIGKILL');
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
  });
});
