import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readGuard } from '@hypermesh/consensus/storage';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { backUp } from '../src/backup/backup.ts';
import { restore } from '../src/backup/restore.ts';
import { type DataDirectory, dataDirectory } from '../src/data-directory.ts';
import type { NodeStatus } from '../src/status.ts';
import { type FourProcesses, openFourProcesses } from './four-processes.ts';
import { startNode } from './processes.ts';
import { temporaryDirectory } from './support.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let folder: DataDirectory & Disposable;
beforeAll(() => {
  folder = temporaryDirectory();
  mkdirSync(folder.path, { recursive: true });
});
afterAll(() => folder?.[Symbol.dispose]());

const passphrase = 'correct horse battery staple';
const at = (name: string) => join(folder.path, name);
const sealed = { withContent: true, passphrase };

describe('a validator that is restored from a backup older than its votes', () => {
  let mesh: FourProcesses;
  beforeAll(async () => {
    mesh = await openFourProcesses();
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  it('votes nothing, even where its vote is wanted, until a quorum of others finalized an operation of it; nobody sees a second vote [node-01]', async () => {
    const { nodes } = mesh;
    const delta = mesh.directoryOf('delta');
    const act = (note: string) =>
      nodes.amber.call<{ id: string; height: number }>('register-asset', { note });
    const acknowledged = [(await act('before')).id];
    await nodes.delta.call('final', { height: 2 });
    await backUp(delta, at('stale.tar'), sealed);
    // It votes on after the backup.
    for (const note of ['one', 'two', 'three']) acknowledged.push((await act(note)).id);
    await nodes.delta.end('SIGKILL');
    await nodes.cedar.end('SIGKILL');
    rmSync(delta.path, { recursive: true });
    const back = await restore(at('stale.tar'), delta, { isLastState: false, passphrase });
    expect(back).toMatchObject({ isMute: true, isLogHeld: false });
    expect(await readGuard(delta.ledger)).toMatchObject({ isUnbounded: true });

    // Two others run, three votes are needed: its own is wanted, and it does not come.
    nodes.delta = await startNode(delta.path);
    let isFinal = false;
    const wanted = act('wanted').then(({ id }) => {
      isFinal = true;
      acknowledged.push(id);
    });
    for (;;) {
      const { ledger, holds } = await nodes.delta.call<NodeStatus>('status');
      const connected = (await nodes.delta.call<NodeStatus>('status')).members.filter(
        (member) => member.connected,
      );
      if (ledger !== undefined && connected.length >= 2) {
        expect(holds.find(({ capability }) => capability === 'voting')?.why).toContain(
          'restored from a backup',
        );
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(isFinal).toBe(false);
    expect(await readGuard(delta.ledger)).toMatchObject({ isUnbounded: true });

    // With the third the mesh goes on; what it finalizes shows the restored one how far it may have voted.
    nodes.cedar = await startNode(mesh.directoryOf('cedar').path);
    await wanted;
    for (;;) {
      const { holds } = await nodes.delta.call<NodeStatus>('status');
      if (holds.every(({ capability }) => capability !== 'voting' && capability !== 'services')) break;
      await act('on and on').then(({ id }) => acknowledged.push(id));
    }
    expect(nodes.delta.log()).toContain('"event":"node.restored-bound"');
    const guard = await readGuard(delta.ledger);
    expect(guard?.isUnbounded).toBe(false);

    // It votes again: with another one gone its vote is needed for each block.
    await nodes.birch.end('SIGKILL');
    const last = await act('with its vote');
    acknowledged.push(last.id);
    for (const name of ['amber', 'cedar', 'delta'] as const) {
      const { secondVotesSeen } = await nodes[name].call<NodeStatus>('status');
      expect([name, secondVotesSeen]).toEqual([name, 0]);
      await nodes[name].call('final', { height: last.height });
      expect(await nodes[name].call('missing', { operations: acknowledged })).toEqual({ missing: [] });
    }

    // A backup from before its first vote has no guard, and the node may have voted right after: it is as mute.
    const birch = mesh.directoryOf('birch');
    rmSync(birch.ledger, { recursive: true });
    await backUp(birch, at('young.tar'), sealed);
    const young = await restore(at('young.tar'), dataDirectory(at('young')), {
      isLastState: false,
      passphrase,
    });
    expect(young.isMute).toBe(true);
    expect(await readGuard(dataDirectory(at('young')).ledger)).toMatchObject({ isUnbounded: true });
  });
});
