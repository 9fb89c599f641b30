import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dataDirectory } from '../src/data-directory.ts';
import type { AssetReport } from '../src/inventory/report.ts';
import type { ExplainOutcome } from '../src/run/asking.ts';
import { writeEchoPackage } from './echo-package.ts';
import { hypermesh, type RunningNode, startNode } from './processes.ts';
import { temporaryDirectory } from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const names = ['amber', 'birch'] as const;
type Name = (typeof names)[number];
const folder = temporaryDirectory();
const directoryOf = (name: Name): string => dataDirectory(join(folder.path, name)).path;
const nodes = {} as Record<Name, RunningNode>;
const memory = (name: Name, ...argv: readonly string[]) =>
  hypermesh('memory', ...argv, '--data', directoryOf(name), '--json');

beforeAll(async () => {
  const made = await hypermesh(
    'init',
    '--data',
    directoryOf('amber'),
    '--name',
    'amber',
    '--validators',
    '2',
  );
  expect(made.code, made.stderr).toBe(0);
  nodes.amber = await startNode(directoryOf('amber'));
  const listed = await hypermesh('invite', '--data', directoryOf('amber'), '--json');
  const [invitation = ''] = listed.json()['invitations'] as string[];
  const joined = await hypermesh('join', invitation, '--data', directoryOf('birch'), '--name', 'birch');
  expect(joined.code, joined.stderr).toBe(0);
  nodes.birch = await startNode(directoryOf('birch'));
  // What a node registers by itself after its start comes first.
  await Promise.all(names.map((name) => nodes[name].call('assets', { registered: true })));
});
afterAll(async () => {
  await Promise.all(Object.values(nodes).map((node) => node[Symbol.asyncDispose]()));
  folder[Symbol.dispose]();
});

describe('a processor of two nodes, each a process', () => {
  it('runs for others under the policy of its owner: what is not lent is refused before anything starts', async () => {
    const { amber, birch } = nodes;
    const path = join(folder.path, 'package');
    writeEchoPackage(path);
    const published = await hypermesh('catalog', 'publish', path, '--data', directoryOf('amber'), '--json');
    expect(published.code, published.stderr).toBe(0);
    const policy = async (...flags: string[]) => {
      const changed = await hypermesh(
        'assets',
        'policy',
        'cpu',
        ...flags,
        '--data',
        directoryOf('birch'),
        '--json',
      );
      expect(changed.code, changed.stderr).toBe(0);
    };
    const run = async () =>
      (await hypermesh('run', 'echo', '--on', 'birch', '--data', directoryOf('amber'), '--json')).json();
    const explained = async () => {
      const { nodes: found } = await amber.call<ExplainOutcome>('explain', { spec: 'echo' });
      return found.find(({ name }) => name === 'birch')?.canRun;
    };

    await policy('--share', '0');
    expect(await explained()).toBe(false);
    expect(await run()).not.toMatchObject({ exit: 'ok' });
    expect(birch.log()).not.toContain('run.start');

    await policy('--share', '100');
    expect(await explained()).toBe(true);
    expect(await run()).toMatchObject({ exit: 'ok', outputText: 'the same bytes again' });
    expect(birch.log()).toContain('run.start');
    const { own } = await birch.call<{ own: readonly AssetReport[] }>('assets');
    expect(own.map(({ state, leases }) => [state, leases])).toEqual(Array(3).fill(['available', 0]));
    const { history } = await birch.call<AssetReport>('asset', { asset: 'cpu' });
    const steps = history?.map(({ transition }) => transition);
    expect(steps).toEqual(['announce', 'allocate', 'activate', 'release']);

    await policy('--level', 'private', '--type', 'private');
    expect(await explained()).toBe(false);
    expect(await run()).not.toMatchObject({ exit: 'ok' });
  });
});

describe('memory of two nodes, each a process', () => {
  it('is lent and used by the command line through a global address, until the grant is revoked [proxy-02]', async () => {
    const lent = (await memory('birch', 'lend', '8192', '--for', '600')).json();
    expect(lent).toMatchObject({ ok: true, sizeBytes: 8192, address: expect.stringMatching(/^fd48:4d00:/) });
    const address = String(lent['address']);
    const granted = (await memory('birch', 'grant', address, '--to', 'amber', '--rights', 'rw')).json();
    expect(granted).toMatchObject({ ok: true, to: 'amber', rights: 'rw', isRevoked: false });
    await nodes.amber.call('final', { height: granted['height'] });
    expect((await memory('amber', 'write', address, 'kept by birch')).json()).toMatchObject({ written: 13 });
    const read = (await memory('amber', 'read', address, '--length', '13')).json();
    expect(Buffer.from(String(read['bytes']), 'hex').toString()).toBe('kept by birch');
    const refused = await memory('amber', 'add', address, '1');
    expect(refused.json()).toMatchObject({ error: { code: 'node/memory-fault', fault: 'Protection' } });
    expect((await memory('amber', 'list')).json()).toMatchObject({
      usable: [{ home: 'birch', rights: 'rw' }],
    });
    const revoked = (await memory('birch', 'revoke', String(granted['grant']))).json();
    expect(revoked).toMatchObject({ ok: true, isRevoked: true });
    for (const action of [
      ['read', address],
      ['write', address, 'too late'],
    ]) {
      const late = await memory('amber', ...action);
      expect(late.code).toBe(4);
      expect(late.json()).toMatchObject({ error: { code: 'node/memory-fault', fault: 'Revoked' } });
    }
    expect((await memory('birch', 'list')).json()).toMatchObject({ grants: [{ isRevoked: true }] });
  });

  it('is claimed from the memory asset, under its owner’s policy', async () => {
    const before = await nodes.birch.call('memory-list');
    const tooMuch = await memory('birch', 'lend', String(2 ** 39));
    expect(tooMuch.json()).toMatchObject({ error: { code: 'node/refused', by: 'memory' } });
    expect((await nodes.birch.call('memory-list'))['regions']).toEqual(before['regions']);
  });

  it('ends with the process that lends it: its grants are stale then, and can still be revoked', async () => {
    const { address } = await nodes.birch.call('memory-lend', { bytes: 4096 });
    const granted = await nodes.birch.call('memory-grant', { address, to: 'amber' });
    await nodes.amber.call('final', { height: granted['height'] });
    await nodes.amber.call('memory-add', { address, delta: 5 });
    await nodes.birch.end('SIGKILL');
    nodes.birch = await startNode(directoryOf('birch'));
    const stale = { failure: { code: 'node/memory-fault', fault: 'StaleGeneration' } };
    // Attached before, and attached anew.
    for (let attempt = 0; attempt < 2; attempt += 1)
      await expect(nodes.amber.call('memory-read', { address })).rejects.toMatchObject(stale);
    const revoked = await nodes.birch.call('memory-revoke', { grant: granted['grant'] });
    expect(revoked).toMatchObject({ isRevoked: true });
    await nodes.amber.call('final', { height: revoked['height'] });
    await expect(nodes.amber.call('memory-read', { address })).rejects.toMatchObject({
      failure: { fault: 'Revoked' },
    });
  });

  it('is not asked for in ways that mean nothing', async () => {
    for (const [argv, flag] of [
      [['lend'], 'BYTES'],
      [['lend', 'much'], 'BYTES'],
      [['grant', 'fd48::1'], '--to'],
      [['grant', 'fd48::1', '--to', 'amber', '--rights', 'x'], 'rights'],
      [['read', 'http://[::1]'], 'address'],
      [['read', '::1', '--length', '0'], '--length'],
      [['add', '::1', 'one'], 'delta'],
      [['lend', '4096', '--for', 'ever'], '--for'],
    ] as const) {
      const wrong = await memory('birch', ...argv);
      expect(wrong.json(), argv.join(' ')).toMatchObject({ error: { code: 'node/bad-flag', flag } });
    }
  });
});
