import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interleave, report } from '@hypermesh/bench';

/** Four validator processes on this machine, every vote synced to disk, against four that only sync and echo. */
const COUNT = 4;
const WINDOW_MS = 1_000;
const entry = join(import.meta.dirname, '../test/fixtures/bench-process.ts');

interface Sample {
  readonly rounds: number;
  readonly latencies: readonly number[];
  readonly cpuMs: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function launch(dir: string, mode: 'ledger' | 'echo') {
  const ports: number[] = [];
  const children = await Promise.all(
    Array.from({ length: COUNT }, async (_, index) => {
      const home = join(dir, mode, `${index}`);
      mkdirSync(home, { recursive: true });
      const child = fork(entry, [`${index}`, `${COUNT}`, home, mode], {
        execArgv: ['--conditions=@hypermesh/source'],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      const [{ port }] = (await once(child, 'message')) as [{ port: number }];
      ports[index] = port;
      return child;
    }),
  );
  for (const child of children) child.send({ type: 'ports', ports });
  const sample = async (child: ChildProcess): Promise<Sample> => {
    child.send({ type: 'sample' });
    const [answer] = (await once(child, 'message')) as [Sample];
    return answer;
  };
  const signal = (name: NodeJS.Signals): void => {
    for (const child of children) child.kill(name);
  };
  const sampleAll = (): Promise<Sample[]> => Promise.all(children.map(sample));
  return {
    /** Only one mesh runs at a time: the other is stopped meanwhile. */
    halt: () => signal('SIGSTOP'),
    go: () => signal('SIGCONT'),
    end: () => signal('SIGKILL'),
    async measure(): Promise<{ perSecond: number; latencyMs: number; cpuMs: number }> {
      await pause(400);
      const before = await sampleAll();
      const startedMs = performance.now();
      await pause(WINDOW_MS);
      const after = await sampleAll();
      const seconds = (performance.now() - startedMs) / 1_000;
      const made =
        mode === 'ledger'
          ? (after[0]?.rounds ?? 0) - (before[0]?.rounds ?? 0)
          : after.reduce((sum, { rounds }, index) => sum + rounds - (before[index]?.rounds ?? 0), 0);
      const cpu = after.reduce((sum, { cpuMs }, index) => sum + cpuMs - (before[index]?.cpuMs ?? 0), 0);
      return {
        perSecond: made / seconds,
        latencyMs: median(after.flatMap(({ latencies }) => latencies)),
        cpuMs: cpu / Math.max(1, made) / COUNT,
      };
    },
  };
}

const dir = mkdtempSync(join(tmpdir(), 'hypermesh-bench-'));
const ledger = await launch(dir, 'ledger');
await pause(1_500);
ledger.halt();
const echo = await launch(dir, 'echo');
await pause(500);
echo.halt();
const latencies: Record<'ledger' | 'echo', number[]> = { ledger: [], echo: [] };
const cpu: number[] = [];
const run = async (mesh: typeof ledger, name: 'ledger' | 'echo'): Promise<number> => {
  mesh.go();
  const { perSecond, latencyMs, cpuMs } = await mesh.measure();
  mesh.halt();
  latencies[name].push(latencyMs);
  if (name === 'ledger') cpu.push(cpuMs);
  return perSecond;
};
try {
  const rates = await interleave({
    rounds: 7,
    cases: { ledger: () => run(ledger, 'ledger'), echo: () => run(echo, 'echo') },
  });
  const sampled = (samples: readonly number[]) => {
    const kept = samples.slice(-7);
    const middle = median(kept);
    return {
      median: middle,
      spread: (Math.max(...kept) - Math.min(...kept)) / middle,
      runs: kept.length,
      samples: [...kept],
    };
  };
  report({
    name: 'consensus/blocks validators=4 processes=4 fsync=yes',
    value: rates.ledger,
    unit: 'blocks/s',
    baseline: rates.echo,
    baselineName: 'four processes that sync and echo 400 bytes, rounds/s',
    aim: '>= 200 blocks/s',
  });
  report({
    name: 'consensus/finality-p50 validators=4 processes=4 fsync=yes',
    value: sampled(latencies.ledger),
    unit: 'ms',
    baseline: sampled(latencies.echo),
    baselineName: 'one round of the same echo',
    aim: '<= 10 ms',
  });
  report({ name: 'consensus/cpu-per-block-and-validator validators=4', value: sampled(cpu), unit: 'ms' });
} finally {
  ledger.end();
  echo.end();
  rmSync(dir, { recursive: true, force: true });
}
