import type { Result } from '@hypermesh/client';
import { expect } from 'vitest';
import type { NodeStatus } from '../../src/status.ts';
import { type FourProcesses, names } from '../four-processes.ts';
import type { Acknowledged, Load } from './load.ts';

/** Asks every node for everything that any client was told is done, and compares their chains block by block. */
export async function expectNothingLost(mesh: FourProcesses, { journal, failures }: Load): Promise<number> {
  const { nodes } = mesh;
  const of = <Kind extends Acknowledged['kind']>(kind: Kind) =>
    journal.filter((entry): entry is Extract<Acknowledged, { kind: Kind }> => entry.kind === kind);
  expect([...failures.keys()].filter((text) => text.includes('LOST'))).toEqual([]);
  const operations = of('operation');
  const heights = operations.map(({ height }) => height);
  const { id, height } = await nodes.amber.call<{ id: string; height: number }>('register-asset', {
    note: 'the last one',
  });
  const top = Math.max(height, ...heights);
  const hashes = await Promise.all(
    names.map(async (name) => {
      await nodes[name].call('final', { height: top });
      const own: string[] = [];
      for (let at = 1; at <= top; at++) {
        own.push((await nodes[name].call<{ hash: string }>('final', { height: at })).hash);
      }
      return own;
    }),
  );
  for (const other of hashes.slice(1)) expect(other).toEqual(hashes[0]);
  for (const name of names) {
    const ids = [...operations.map((operation) => operation.id), ...of('ran').map(({ lease }) => lease), id];
    expect(await nodes[name].call('missing', { operations: ids })).toEqual({ missing: [] });
    for (const { name: wanted } of of('published')) {
      const found = await nodes[name].call<{ versions: readonly unknown[] }>('versions', { name: wanted });
      expect([wanted, found.versions.length]).toEqual([wanted, 1]);
    }
    const { packages } = await nodes[name].call<{ packages: readonly { name: string }[] }>('list');
    const missing = of('installed')
      .filter(({ on }) => on === name)
      .filter((entry) => !packages.some((present) => present.name === entry.name));
    expect([name, missing]).toEqual([name, []]);
    for (const { name: wanted } of of('installed').filter(({ on }) => on === name)) {
      const found = await nodes[name].call<Result<'verify'>>('verify', { spec: wanted, deep: true });
      expect([wanted, found.ok]).toEqual([wanted, true]);
    }
    for (const { lease, charge } of of('ran').filter(({ by }) => by === name)) {
      const { status, exit, receipt, ...run } = await nodes[name].call<Result<'run-record'>>('run-record', {
        lease,
        role: 'asked',
      });
      expect({ lease, status, exit, charge: run.charge }).toEqual({
        lease,
        status: 'ended',
        exit: 'ok',
        charge,
      });
      expect(receipt?.exit).toBe('ok');
    }
    const { conserved, audited } = await nodes[name].call<Result<'wallet'>>('wallet', { audit: true });
    expect([name, conserved, audited]).toEqual([name, true, true]);
  }
  return top;
}

/** Whether any node, in any of its lives, saw a validator contradict itself, or a chain that does not hold. */
export async function expectOneVoteEach(mesh: FourProcesses, logs: readonly string[]): Promise<void> {
  for (const name of names) {
    const { secondVotesSeen } = await mesh.nodes[name].call<NodeStatus>('status');
    expect([name, secondVotesSeen]).toEqual([name, 0]);
  }
  for (const log of [...logs, ...names.map((name) => mesh.nodes[name].log())]) {
    expect(log).not.toMatch(/"event":"consensus\.(?:equivocation|safety-violation)"/);
  }
}
