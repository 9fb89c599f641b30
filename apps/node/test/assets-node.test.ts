import { verifyInventory } from '@hypermesh/assets';
import { fromHex } from '@hypermesh/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AssetReport, MachineReport } from '../src/inventory/report.ts';
import { hypermesh, type RunningNode, startNode } from './processes.ts';
import { temporaryDirectory, until } from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

interface AssetList {
  readonly own: readonly AssetReport[];
  readonly ledger: readonly AssetReport[];
}

const directory = temporaryDirectory();
const data = ['--data', directory.path];
let node: RunningNode;

beforeAll(async () => {
  const made = await hypermesh('init', ...data, '--name', 'amber', '--validators', '1', '--json');
  expect(made.code, made.stderr).toBe(0);
  node = await startNode(directory.path);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

it('a node whose mesh is not complete yet has its machine measured, signed and at hand [assets-08]', async () => {
  using alone = temporaryDirectory();
  const made = await hypermesh(
    'init',
    '--data',
    alone.path,
    '--name',
    'birch',
    '--validators',
    '2',
    '--json',
  );
  expect(made.code, made.stderr).toBe(0);
  await using waiting = await startNode(alone.path);
  const { block } = await waiting.call<MachineReport>('inventory');
  expect(await waiting.call('status')).toMatchObject({ phase: 1 });
  const bytes = fromHex(block);
  const verdict = bytes.ok ? verifyInventory(bytes.bytes) : bytes;
  expect(verdict.ok ? verdict.inventory.assets.map(({ record }) => record.kind) : []).toContain('memory');
});

describe('the assets of a node', () => {
  it('are each registered once, also when the node is killed while it registers them', async () => {
    for (const words of ['inventory.measured', '"kind":"cpu"', '"kind":"memory"']) {
      // On a busy machine it may be done before anybody looks.
      let isDone = false;
      const done = node.call('assets', { registered: true }).then(
        () => {
          isDone = true;
        },
        () => undefined,
      );
      await until(() => isDone || node.log().includes(words));
      expect(await node.end('SIGKILL')).toBe('SIGKILL');
      await done;
      node = await startNode(directory.path);
    }
    const { own, ledger } = await node.call<AssetList>('assets', { registered: true });
    expect(own.map(({ kind, state }) => [kind, state])).toEqual([
      ['cpu', 'available'],
      ['memory', 'available'],
      ['storage', 'available'],
    ]);
    expect(new Set(own.map(({ operation }) => operation)).size).toBe(3);
    expect(ledger).toEqual([]);
  });

  it('are what the signed inventory says, which anybody can verify', async () => {
    const { block, devices, absent } = await node.call<MachineReport>('inventory');
    const bytes = fromHex(block);
    const verdict = bytes.ok ? verifyInventory(bytes.bytes) : bytes;
    expect(verdict.ok).toBe(true);
    const { own } = await node.call<AssetList>('assets');
    expect(devices.map(({ id }) => id)).toEqual(own.map(({ id }) => id));
    expect([Object.keys(absent), ['gpu']]).toContainEqual(Object.keys(absent));
  });

  it('are listed, shown and lent on other terms by the command line', async () => {
    const listed = await hypermesh('assets', 'list', ...data);
    expect(listed.stdout).toMatch(/cpu .*available .*50 % lent to p2p, 0 leases/);
    const changed = await hypermesh(
      'assets',
      'policy',
      'memory',
      '--share',
      '12.5',
      '--leases',
      '3',
      ...data,
      '--json',
    );
    expect(changed.json()).toMatchObject({
      ok: true,
      policy: { shareBp: 1_250, maxLeases: 3, level: 'p2p' },
    });
    const shown = await hypermesh('assets', 'show', 'memory', ...data, '--json');
    expect(shown.json()).toMatchObject({
      ok: true,
      kind: 'memory',
      policy: { shareBp: 1_250 },
      history: [{ transition: 'announce', by: 'ledger', to: 'available' }],
    });
    expect((await hypermesh('assets', 'policy', 'memory', ...data)).stdout).toContain('share       12.5 %');
  });

  it.each<[string, string[], string, string]>([
    ['an unknown action', ['sell'], 'node/unknown-command', 'list, show, policy'],
    ['no asset', ['show'], 'node/bad-flag', 'hypermesh assets show ASSET'],
    ['an unknown asset', ['show', 'tape'], 'node/not-found', 'hypermesh assets lists them'],
    ['a share above all', ['policy', 'cpu', '--share', '100.01'], 'node/bad-flag', 'from 0 to 100'],
    ['an unknown level', ['policy', 'cpu', '--level', 'open'], 'node/bad-flag', 'private-network'],
    [
      'a pair that contradicts itself',
      ['policy', 'cpu', '--level', 'private', '--type', 'public'],
      'node/refused',
      'private goes with',
    ],
    ['a proof below the floor', ['policy', 'cpu', '--min-work', '0'], 'node/refused', 'keep all four proofs'],
  ])('refuse %s and say what to do', async (_, argv, code, next) => {
    const ended = await hypermesh('assets', ...argv, ...data, '--json');
    expect(ended.json()).toMatchObject({ ok: false, error: { code, next: expect.stringContaining(next) } });
  });

  it('say whether a claim would be granted, and if not which rule stands against it', async () => {
    const granted = await node.call('explain-claim', { cpuMicrosPerSecond: 1_000, memoryBytes: 1_000 });
    expect(granted).toEqual({ granted: true, reasons: [] });
    const refused = await node.call('explain-claim', { cpuMicrosPerSecond: 10 ** 12, requester: 'amber' });
    expect(refused).toMatchObject({ granted: false, reasons: [{ kind: 'cpu', code: 'over-capacity' }] });
    await expect(node.call('explain-claim', { memoryBytes: -1 })).rejects.toMatchObject({
      code: 'node/bad-flag',
    });
  });

  it('hold notes that are assets with an id of their own', async () => {
    const { asset, id } = await node.call<{ asset: string; id: string }>('register-asset', { note: 'hello' });
    expect(await node.call('asset', { asset })).toMatchObject({
      kind: 'x.note',
      owner: 'amber',
      attributes: { text: 'hello' },
      operation: id,
    });
    expect((await hypermesh('assets', 'list', ...data)).stdout).toContain('amber  x.note  1 registered');
  });
});
