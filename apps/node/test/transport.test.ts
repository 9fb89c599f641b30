import { silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { createMemoryNetwork, type MemoryNetwork, type StoqNode } from '@hypermesh/stoq';
import { beforeAll, describe, expect, it } from 'vitest';
import { stoqTransport } from '../src/adapters/consensus-transport.ts';
import {
  certify,
  createTestAuthority,
  enrollingNode,
  memoryNode,
  type TestIdentity,
  until,
} from './support.ts';

const streamName = 'ledger/consensus/1';
let identities: TestIdentity[];
let root: string;

beforeAll(async () => {
  const mesh = await createTestAuthority();
  root = mesh.root;
  identities = await Promise.all([0, 1, 2, 3].map(() => certify(mesh)));
});

/** One validator's transport with what it heard; the fourth identity is a member, but no validator. */
async function validator(network: MemoryNetwork, index: number) {
  const cleanup = new AsyncDisposableStack();
  const identity = identities[index] as TestIdentity;
  const stoq: StoqNode = cleanup.use(await memoryNode(network, `v${index}`, identity));
  const heard: string[] = [];
  const connected: number[] = [];
  const validators = identities.slice(0, 3).map(({ nodeId }) => nodeId);
  const ports = { clock: systemClock, log: silentLog };
  const transport = cleanup.use(stoqTransport(stoq, { self: identity.nodeId, validators }, ports));
  transport.listen({
    message: (from, bytes) => void heard.push(`${from}:${Buffer.from(bytes)}`),
    connected: (peer) => void connected.push(peer),
  });
  return Object.assign(cleanup.move(), { stoq, transport, heard, connected });
}

describe('consensus messages over STOQ', () => {
  it('go both ways in order, under the index of the validator that sent them', async () => {
    const network = createMemoryNetwork();
    await using one = await validator(network, 0);
    await using two = await validator(network, 1);
    expect(one.transport.peers()).toEqual([]);
    await two.stoq.connect('memory://v0');
    await until(() => one.transport.peers().length === 1 && two.transport.peers().length === 1);
    expect([one.connected, two.connected]).toEqual([[1], [0]]);
    for (const text of ['a', 'b', 'c']) one.transport.send(1, Buffer.from(text));
    two.transport.send(0, Buffer.from('d'));
    await until(() => two.heard.length === 3 && one.heard.length === 1);
    expect([two.heard, one.heard]).toEqual([['0:a', '0:b', '0:c'], ['1:d']]);
  });

  it('are dropped where nobody is there, and to indices that are nobody’s', async () => {
    const network = createMemoryNetwork();
    await using one = await validator(network, 0);
    for (const to of [0, 1, 2, 3, -1, 99, Number.NaN]) one.transport.send(to, Buffer.from('lost'));
    await using two = await validator(network, 1);
    await one.stoq.connect('memory://v1');
    await until(() => one.transport.peers().includes(1));
    one.transport.send(1, Buffer.from('heard'));
    await until(() => two.heard.length > 0);
    expect(two.heard).toEqual(['0:heard']);
  });

  it('go on over the next session after one ends, and over one that stands beside it', async () => {
    const network = createMemoryNetwork();
    await using one = await validator(network, 0);
    await using two = await validator(network, 1);
    const first = await two.stoq.connect('memory://v0');
    await until(() => one.transport.peers().includes(1));
    await first.close();
    await until(() => one.transport.peers().length === 0);
    const second = await two.stoq.connect('memory://v0');
    await until(() => one.transport.peers().includes(1));
    one.transport.send(1, Buffer.from('again'));
    await until(() => two.heard.includes('0:again'));
    await one.stoq.connect('memory://v1');
    await second.close();
    await until(() => one.connected.length >= 3 && one.transport.peers().includes(1));
    one.transport.send(1, Buffer.from('still'));
    await until(() => two.heard.includes('0:still'));
  });

  it('reach a validator that takes part in consensus only after its session opened', async () => {
    const network = createMemoryNetwork();
    await using one = await validator(network, 0);
    const identity = identities[1] as TestIdentity;
    await using late = await memoryNode(network, 'v1', identity);
    await late.connect('memory://v0');
    await until(() => one.stoq.peers.length === 1);
    const validators = identities.slice(0, 3).map(({ nodeId }) => nodeId);
    using transport = stoqTransport(
      late,
      { self: identity.nodeId, validators },
      { clock: systemClock, log: silentLog },
    );
    const heard: string[] = [];
    transport.listen({
      message: (_, bytes) => void heard.push(String(Buffer.from(bytes))),
      connected: () => undefined,
    });
    await until(() => one.transport.peers().includes(1));
    one.transport.send(1, Buffer.from('welcome'));
    await until(() => heard.includes('welcome'));
  });

  it('are not heard from members that are no validators, from enrolling machines, or under another name', async () => {
    const network = createMemoryNetwork();
    await using one = await validator(network, 0);
    await using member = await memoryNode(network, 'member', identities[3] as TestIdentity);
    const peer = await member.connect('memory://v0');
    const stream = await peer.openMessages(streamName);
    await expect(
      (async () => {
        for (;;) await stream.send(Buffer.from('from nobody'));
      })(),
    ).rejects.toThrow();
    expect(one.heard).toEqual([]);
    expect(one.transport.peers()).toEqual([]);
    await using machine = await enrollingNode(network, root);
    await expect(machine.connect('memory://v0')).rejects.toThrow();
    await expect(peer.openMessages('ledger/consensus/2')).rejects.toThrow();
  });

  it('of a validator that floods stay its own: others are heard, and what is too long ends its stream alone', async () => {
    const network = createMemoryNetwork();
    await using one = await validator(network, 0);
    await using two = await validator(network, 1);
    await using flooder = await memoryNode(network, 'v2', identities[2] as TestIdentity);
    const peer = await flooder.connect('memory://v0');
    const streams = await Promise.all(Array.from({ length: 20 }, () => peer.openMessages(streamName)));
    const garbage = Buffer.alloc(10_000, 7);
    await Promise.all(streams.map(async (stream) => stream.send(garbage)));
    await two.stoq.connect('memory://v0');
    await until(() => two.transport.peers().includes(0));
    two.transport.send(0, Buffer.from('calm'));
    await until(() => one.heard.includes('1:calm'));
    await until(() => one.heard.filter((line) => line.startsWith('2:')).length === 20);
  });

  it('end with the transport; the session stays', async () => {
    const network = createMemoryNetwork();
    await using one = await validator(network, 0);
    await using two = await validator(network, 1);
    await two.stoq.connect('memory://v0');
    await until(() => two.transport.peers().includes(0));
    one.transport[Symbol.dispose]();
    one.transport.send(1, Buffer.from('late'));
    await until(() => one.transport.peers().length === 0);
    expect(one.stoq.peers).toHaveLength(1);
    expect(two.heard).toEqual([]);
  });
});
