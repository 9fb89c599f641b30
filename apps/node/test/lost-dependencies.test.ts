import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@hypermesh/core';
import { silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectControl } from '../src/control/client.ts';
import { openDaemon } from '../src/daemon.ts';
import { type DataDirectory, dataDirectory } from '../src/data-directory.ts';
import type { NodeStatus } from '../src/status.ts';
import { hypermesh, type RunningNode, startNode } from './processes.ts';
import { smallDisksAbsent, startOnSmallDisk } from './small-disk.ts';
import { failureOf, temporaryDirectory } from './support.ts';

// Processes and plots take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: DataDirectory & Disposable;
let amber: DataDirectory;
let birch: DataDirectory;
const running = new Set<RunningNode>();

beforeAll(async () => {
  folder = temporaryDirectory();
  amber = dataDirectory(join(folder.path, 'amber'));
  birch = dataDirectory(join(folder.path, 'birch'));
  await hypermesh('init', '--data', amber.path, '--name', 'amber', '--validators', '2');
  const founder = await start(amber);
  const { invitations } = await founder.call<{ invitations: string[] }>('invitations');
  const joined = await hypermesh('join', invitations[0] ?? '', '--data', birch.path, '--name', 'birch');
  expect(joined.code, joined.stderr).toBe(0);
});

afterAll(async () => {
  for (const node of running) await node[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

async function start(directory: DataDirectory): Promise<RunningNode> {
  const node = await startNode(directory.path);
  running.add(node);
  return node;
}

const nodeOf = (directory: DataDirectory): RunningNode => {
  const node = [...running].find(({ directory: path }) => path === directory.path);
  if (node === undefined) throw new Error('it does not run');
  return node;
};

async function end(directory: DataDirectory, signal: NodeJS.Signals = 'SIGKILL') {
  const node = nodeOf(directory);
  running.delete(node);
  return node.end(signal);
}

/** Asks until the status is so: what changes it comes from elsewhere. */
async function statusWhen(node: RunningNode, isSo: (status: NodeStatus) => boolean): Promise<NodeStatus> {
  for (;;) {
    const status = await node.call<NodeStatus>('status');
    if (isSo(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const holdsOf = (status: NodeStatus) => status.holds.map(({ capability, state }) => `${capability} ${state}`);

describe('a node that starts where it can reach nobody', () => {
  it('and has no certificate is in phase 0: it can be asked, says what is missing, and goes on once the founder answers [node-01]', async () => {
    await end(amber);
    renameSync(birch.certificate, `${birch.certificate}.away`);
    const node = await start(birch);
    const status = await statusWhen(node, ({ phases }) => /asked:/.test(phases[1]?.next ?? ''));
    expect(status).toMatchObject({ phase: 0, address: '', certificateUntil: '', members: [] });
    expect(status.phases.map(({ isReached }) => isReached)).toEqual([true, false, false]);
    expect(status.phases[1]?.missing).toBe('a certificate that holds: no certificate');
    expect(holdsOf(status)).toContain('sessions refused');
    const words = (await hypermesh('status', '--data', birch.path)).stdout;
    expect(words).toContain('phase        0');
    expect(words).toContain('missing      a certificate that holds: no certificate');

    await start(amber);
    const later = await statusWhen(node, ({ phase, ledger }) => phase === 2 && (ledger?.height ?? 0) > 0);
    expect(later.phases.every(({ isReached }) => isReached)).toBe(true);
    expect(later.address).toMatch(/^quic:/);
    expect(node.log()).toContain('"event":"node.held"');
    rmSync(`${birch.certificate}.away`);
  });

  it('and has its certificate and genesis is in phase 2 by what it holds, and says what is held [node-01]', async () => {
    await end(amber);
    await end(birch);
    const node = await start(birch);
    const status = await statusWhen(node, ({ ledger }) => ledger !== undefined);
    expect(status.phase).toBe(2);
    expect(holdsOf(status)).toEqual(
      expect.arrayContaining(['renewal held', 'ledger held', 'publishing refused']),
    );
    expect(status.holds.find(({ capability }) => capability === 'ledger')?.next).toContain('amber');
  });
});

describe('a node that runs', () => {
  it('keeps its phase when founder and quorum go, holds operations, and lets them go on when they are back [node-01]', async () => {
    const node = nodeOf(birch);
    await start(amber);
    await statusWhen(node, ({ holds }) => holds.length === 0);
    await node.call('final', { height: 1 });
    await end(amber);
    const lost = await statusWhen(node, ({ holds }) =>
      holds.some(({ capability }) => capability === 'ledger'),
    );
    expect(lost.phase).toBe(2);
    let isFinal = false;
    const held = node.call('register-asset', { note: 'held' }).then((answer) => {
      isFinal = true;
      return answer;
    });
    const still = await statusWhen(node, ({ holds }) => holds.length > 0);
    expect([isFinal, still.phase]).toEqual([false, 2]);
    const since = still.holds.find(({ capability }) => capability === 'ledger')?.since;
    expect(since).toBe(lost.holds.find(({ capability }) => capability === 'ledger')?.since);
    await start(amber);
    expect(await held).toMatchObject({ height: expect.any(Number) });
    await statusWhen(node, ({ holds }) => holds.length === 0);
    expect(node.log()).toContain('"event":"node.released"');
  });
});

describe('a clock that cannot be right', () => {
  const shifted = (ms: number): Clock => ({
    nowMs: () => systemClock.nowMs() + ms,
    monotonicMs: () => systemClock.monotonicMs(),
    schedule: (delayMs, task) => systemClock.schedule(delayMs, task),
  });

  it.each([
    [
      'long before its certificate',
      -10 * 365 * 86_400_000,
      'clock refused',
      /set this machine's clock: it says 20/,
    ],
    ['long after it', 50 * 365 * 86_400_000, 'sessions refused', /clock/],
  ])('%s keeps the founder in phase 0, and is named [node-01]', async (_, ms, hold, next) => {
    await end(amber, 'SIGTERM');
    const logged = readFileSync(join(amber.log, 'journal')).length;
    {
      await using _daemon = await openDaemon(amber, { log: silentLog, clock: shifted(ms) });
      using client = await connectControl(amber.controlSocket, amber.path);
      const status = await client.call<NodeStatus>('status');
      expect(status.phase).toBe(0);
      expect(holdsOf(status)).toContain(hold);
      expect(status.phases[1]?.next).toMatch(next);
    }
    // A clock that is wrong has nothing certified by it.
    expect(readFileSync(join(amber.log, 'journal')).length).toBe(logged);
    await start(amber);
  });
});

describe('a disk that is full', () => {
  const absent = smallDisksAbsent();

  it('loses nothing that was acknowledged: the ledger is held, and goes on by itself when there is space [node-01]', async (ctx) => {
    if (absent !== undefined) ctx.skip(absent);
    const home = dataDirectory(join(folder.path, 'cedar'));
    await hypermesh('init', '--data', home.path, '--name', 'cedar', '--validators', '1');
    const config = readFileSync(home.config, 'utf8');
    writeFileSync(home.config, config.replace(/min_free_disk_mb = \d+/, 'min_free_disk_mb = 16'));
    const at = join(folder.path, 'disk');
    await using disk = await startOnSmallDisk(home.path, at, 64);
    const acknowledged: string[] = [];
    const act = async (note: string) => {
      acknowledged.push((await disk.call<{ id: string }>('register-asset', { note })).id);
    };
    await act('before');

    // Near the end: nothing new is taken, the ledger goes on.
    disk.fill(8 * 2 ** 20);
    expect(await failureOf(() => disk.call('publish', { source: '/nowhere' }))).toMatchObject({
      code: 'node/no-room',
      of: 'disk',
    });
    await act('with little space');

    // At the end: what is not durable is not acknowledged.
    disk.free();
    disk.fill();
    const unsure: Promise<unknown>[] = [];
    const status = async () => disk.call<NodeStatus>('status');
    for (let turn = 0; ; turn++) {
      unsure.push(act(`full ${turn}`).catch(() => undefined));
      const { holds } = await status();
      if (holds.some(({ capability }) => capability === 'services')) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await status()).phase).toBe(2);
    expect((await status()).holds.map(({ capability }) => capability)).toContain('new-work');
    disk.free();
    await Promise.all(unsure);
    await act('after');
    expect((await status()).holds).toEqual([]);
    expect(await disk.call('missing', { operations: acknowledged })).toEqual({ missing: [] });
    expect(acknowledged.length).toBeGreaterThanOrEqual(3);
    expect(await disk.node.end('SIGTERM')).toBe(0);
  });
});
