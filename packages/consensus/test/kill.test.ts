import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSeededRandom } from '@hypermesh/core/testing';
import { expect, test } from 'vitest';
import { until } from './support/mesh.ts';

const COUNT = 4;
const KILLS = process.env['HYPERMESH_SIM'] === 'long' ? Number(process.env['HYPERMESH_KILLS'] ?? 150) : 12;
const MAX_OPEN = 100;
const entry = join(import.meta.dirname, 'fixtures/validator-process.ts');

interface Told {
  readonly type: 'ready' | 'final' | 'refused' | 'state';
  readonly port?: number;
  readonly text?: string;
  readonly applied?: string[];
}

/** Four validator processes that can be killed and started again. */
async function createProcesses(dir: string, told: (index: number, message: Told) => void) {
  const children: (ChildProcess | undefined)[] = [];
  const ports = new Array<number>(COUNT).fill(0);
  const tellPorts = (): void => {
    for (const child of children) if (child?.connected) child.send({ type: 'ports', ports });
  };
  const start = async (index: number): Promise<void> => {
    const home = join(dir, `${index}`);
    await mkdir(home, { recursive: true });
    const options = {
      minBlockIntervalMs: 5,
      leaderTimeoutMs: 300,
      advanceTimeoutMs: 600,
      retryMs: 200,
      maxLogBytes: 20_000,
    };
    const child = fork(entry, [`${index}`, `${COUNT}`, home, JSON.stringify(options)], {
      execArgv: ['--conditions=@hypermesh/source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    children[index] = child;
    const ready = Promise.withResolvers<void>();
    child.on('exit', () => ready.reject(new Error(`validator ${index} ended before it was ready`)));
    child.on('message', (message: Told) => {
      if (message.type === 'ready') {
        ports[index] = message.port ?? 0;
        ready.resolve();
      }
      told(index, message);
    });
    await ready.promise;
    tellPorts();
  };
  const kill = async (index: number): Promise<void> => {
    const child = children[index];
    children[index] = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const send = (index: number, message: object): boolean => {
    const child = children[index];
    return child?.connected === true && child.send(message);
  };
  return { start, kill, send, killAll: () => Promise.all(children.map((_, index) => kill(index))) };
}

function missingFrom(applied: readonly string[], promised: readonly string[]): number {
  const there = new Set(applied);
  return promised.filter((text) => !there.has(text)).length;
}

/** Every vote on the wire, by whoever heard it. */
async function checkVotes(dir: string): Promise<number> {
  const said = new Map<string, string>();
  for (let index = 0; index < COUNT; index += 1) {
    const text = await readFile(join(dir, `${index}`, 'votes.txt'), 'utf8');
    for (const line of text.split('\n').filter((each) => each.split(' ').length === 4)) {
      const [signer, view, kind, block] = line.split(' ') as [string, string, string, string];
      const known = said.get(`${signer} ${view} ${kind}`);
      expect(known ?? block, `second vote: ${line}`).toBe(block);
      said.set(`${signer} ${view} ${kind}`, block);
    }
  }
  for (const key of said.keys()) {
    const [signer, view, kind] = key.split(' ');
    if (kind === 'nullify') expect(said.has(`${signer} ${view} finalize`), `${key} and finalize`).toBe(false);
  }
  return said.size;
}

test(`${KILLS} times kill -9 among four processes: no acknowledged transaction is lost and nobody votes twice`, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hypermesh-kill-'));
  const random = createSeededRandom(7);
  const acknowledged = new Set<string>();
  /** Submitted to each process since it started and not answered. */
  const open = new Array<number>(COUNT).fill(0);
  const states: (readonly string[] | undefined)[] = new Array(COUNT).fill(undefined);
  const processes = await createProcesses(dir, (index, { type, text, applied }) => {
    if (type === 'ready') open[index] = 0;
    else if (type !== 'state') open[index] = (open[index] ?? 1) - 1;
    if (type === 'final' && text !== undefined) acknowledged.add(text);
    if (type === 'state') states[index] = applied;
  });
  let submitted = 0;
  const feed = setInterval(() => {
    for (let index = 0; index < COUNT; index += 1) {
      if (
        (open[index] ?? 0) >= MAX_OPEN ||
        !processes.send(index, { type: 'submit', text: `tx ${submitted}` })
      )
        continue;
      submitted += 1;
      open[index] = (open[index] ?? 0) + 1;
    }
  }, 15);
  try {
    await Promise.all([0, 1, 2, 3].map((index) => processes.start(index)));
    for (let round = 0; round < KILLS; round += 1) {
      const goal = acknowledged.size + 1 + random.below(30);
      await until(() => acknowledged.size >= goal, 30_000);
      const victims = round % 5 === 4 ? [0, 1, 2, 3] : [random.below(COUNT)];
      await Promise.all(victims.map((index) => processes.kill(index)));
      await Promise.all(victims.map((index) => processes.start(index)));
    }
    const goal = acknowledged.size + 20;
    await until(() => acknowledged.size >= goal, 30_000);
    clearInterval(feed);
    const promised = [...acknowledged];
    for (let round = 0; ; round += 1) {
      states.fill(undefined);
      for (let index = 0; index < COUNT; index += 1) processes.send(index, { type: 'state' });
      await until(() => states.every((applied) => applied !== undefined), 30_000);
      const missing = states.map((applied) => missingFrom(applied ?? [], promised));
      if (missing.every((count) => count === 0)) break;
      expect(round, `acknowledged and not there, by validator: ${missing}`).toBeLessThan(60);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const shortest = Math.min(...states.map((applied) => applied?.length ?? 0));
    for (const applied of states) expect(applied?.slice(0, shortest)).toEqual(states[0]?.slice(0, shortest));
    expect(await checkVotes(dir)).toBeGreaterThan(100);
  } finally {
    clearInterval(feed);
    await processes.killAll();
    await rm(dir, { recursive: true, force: true });
  }
}, 600_000);
