import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { dataDirectory } from '../src/data-directory.ts';
import type { NodeStatus } from '../src/status.ts';
import { addresses, openLaboratory } from './namespaces.ts';
import { hypermeshIn, type RunningNode, startNodeIn } from './processes.ts';
import { temporaryDirectory } from './support.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 60_000 });

type Name = keyof typeof addresses;
const names = Object.keys(addresses) as Name[];
const folder = temporaryDirectory();
const nodes = new Map<Name, RunningNode>();
afterAll(async () => {
  await Promise.all([...nodes.values()].map((node) => node[Symbol.asyncDispose]()));
  folder[Symbol.dispose]();
});

describe('four nodes behind two NATs, and a relay node', () => {
  it('found a mesh, and one behind the one NAT uses memory of one behind the other through the relay', async (context) => {
    const laboratory = openLaboratory();
    if ('absent' in laboratory) return context.skip(laboratory.absent);
    using lab = laboratory;
    const directoryOf = (name: Name) => dataDirectory(join(folder.path, name)).path;
    const node = (name: Name): RunningNode => {
      const running = nodes.get(name);
      if (running === undefined) throw new Error(`${name} does not run`);
      return running;
    };
    const reaches = (from: Name, to: Name): boolean => {
      const program = `require('net').connect({ host: '${addresses[to]}', port: 9, timeout: 1500 }).on('error', (e) => process.exit(e.code === 'ECONNREFUSED' ? 0 : 1)).on('timeout', () => process.exit(1))`;
      const [tool = '', ...argv] = [...lab.inside(from), process.execPath, '-e', program];
      return spawnSync(tool, argv).status === 0;
    };
    // The laboratory is what it says: neighbours and the relay answer, the other side does not, in neither direction.
    expect([reaches('birch', 'cedar'), reaches('birch', 'relay'), reaches('delta', 'relay')]).toEqual([
      true,
      true,
      true,
    ]);
    expect([reaches('birch', 'delta'), reaches('delta', 'birch'), reaches('relay', 'birch')]).toEqual([
      false,
      false,
      false,
    ]);

    const start = async (name: Name) => {
      nodes.set(name, await startNodeIn(lab.inside(name), directoryOf(name)));
    };
    const listen = (name: Name) => [
      '--name',
      name,
      '--listen',
      `quic://[${addresses[name]}]:0`,
      '--data',
      directoryOf(name),
    ];
    const founded = await hypermeshIn(lab.inside('relay'), 'init', ...listen('relay'), '--validators', '5');
    expect(founded.code, founded.stderr).toBe(0);
    await start('relay');
    const listed = await hypermeshIn(lab.inside('relay'), 'invite', '--data', directoryOf('relay'), '--json');
    const invitations = listed.json()['invitations'] as string[];
    await Promise.all(
      names.slice(1).map(async (name, index) => {
        const joined = await hypermeshIn(lab.inside(name), 'join', invitations[index] ?? '', ...listen(name));
        expect(joined.code, joined.stderr).toBe(0);
        await start(name);
      }),
    );
    const heads = await Promise.all(names.map((name) => node(name).call('final', { height: 1 })));
    expect(new Set(heads.map(({ hash }) => hash)).size).toBe(1);

    // Delta, behind the second NAT, lends; birch, behind the first, uses it.
    const region = await node('delta').call('memory-lend', { bytes: 8192 });
    const { address } = region;
    const granted = await node('delta').call('memory-grant', { address, to: 'birch' });
    await node('birch').call('final', { height: granted['height'] });
    const bytes = Buffer.from('through two NATs').toString('hex');
    await node('birch').call('memory-write', { address, bytes });
    expect(await node('birch').call('memory-read', { address, length: 16 })).toMatchObject({ bytes });
    const added = await Promise.all(
      Array.from({ length: 32 }, () => node('birch').call('memory-add', { address, delta: 1 })),
    );
    expect(new Set(added.map(({ before }) => before)).size).toBe(32);

    const status = await node('birch').call<NodeStatus>('status');
    const carrierTo = (name: Name) => status.members.find((member) => member.name === name)?.carrier;
    expect([carrierTo('relay'), carrierTo('cedar'), carrierTo('delta')]).toEqual(['quic', 'quic', 'relay']);
    expect(status.members.find(({ name }) => name === 'delta')).toMatchObject({ kem: 'X25519+ML-KEM-768' });
    expect(node('relay').log()).toContain('"event":"relay.circuit"');

    await node('delta').call('memory-revoke', { grant: granted['grant'] });
    await expect(node('birch').call('memory-read', { address })).rejects.toMatchObject({
      failure: { code: 'node/memory-fault', fault: 'Revoked' },
    });
  });
});
