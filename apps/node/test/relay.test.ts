import { type NodeId, silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { createRelay } from '@hypermesh/proxy-nat';
import { createMemoryNetwork, createStoq, type StoqNode } from '@hypermesh/stoq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { certificateAuthenticator } from '../src/adapters/authenticator.ts';
import { relayAddress, relayCarrier, relayListen } from '../src/relay/carrier.ts';
import { wayStream } from '../src/relay/protocol.ts';
import { serveRelay } from '../src/relay/serving.ts';
import { certify, createTestAuthority, type TestAuthority, type TestIdentity } from './support.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let mesh: TestAuthority;
let identities: readonly [TestIdentity, TestIdentity, TestIdentity];
beforeAll(async () => {
  mesh = await createTestAuthority();
  identities = await Promise.all([certify(mesh), certify(mesh), certify(mesh)]);
});

/** Two members that have sessions with a relay and none with each other. */
async function openThree(relay = createRelay()) {
  const cleanup = new AsyncDisposableStack();
  const network = createMemoryNetwork();
  const [hub, one, other] = identities;
  const make = async (identity: TestIdentity, name: string) => {
    const carrier = relayCarrier();
    const auth = certificateAuthenticator({
      credentials: identity.credentials,
      pinnedRoot: identity.root,
      admitEnrolling: false,
      clock: systemClock,
    });
    const stoq: StoqNode = await createStoq({
      auth,
      carriers: [network.carrier(), carrier],
      listen: [`memory://${name}`, relayListen],
    });
    cleanup.defer(() => stoq.close());
    carrier.attach(stoq, identity.nodeId, silentLog);
    serveRelay(stoq, { log: silentLog, relay: name === 'hub' ? relay : createRelay() });
    return { stoq, carrier, node: identity.nodeId };
  };
  const [h, a, b] = [await make(hub, 'hub'), await make(one, 'one'), await make(other, 'other')];
  await a.stoq.connect('memory://hub', { expect: h.node });
  await b.stoq.connect('memory://hub', { expect: h.node });
  return { hub: h, one: a, other: b, relay, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

describe('a relay between members', () => {
  it('carries whole sessions, authenticated and sealed end to end, that it cannot read', async () => {
    await using three = await openThree();
    const { hub, one, other, relay } = three;
    other.stoq.handle('greet', (body, { peer }) => Buffer.from(`${peer.id} says ${Buffer.from(body)}`));
    const peer = await one.stoq.connect(relayAddress(hub.node, other.node), { expect: other.node });
    expect(peer.security).toMatchObject({ carrier: 'relay', kem: 'X25519+ML-KEM-768', pq: true });
    const secret = 'nobody else reads this';
    const answer = await peer.request('greet', Buffer.from(secret));
    expect(answer.ok && Buffer.from(answer.body).toString()).toBe(`${one.node} says ${secret}`);
    const large = Buffer.alloc(3_000_000, 'many bytes ');
    other.stoq.handle('echo', (body) => body);
    const back = await peer.request('echo', large);
    expect(back.ok && Buffer.compare(back.body, large)).toBe(0);
    expect(relay.carried().get(one.node)).toBeGreaterThan(6_000_000);
    await peer.close();
  });

  it('leads to nobody whom the relay has no session with, and not to the asker itself', async () => {
    await using three = await openThree();
    const { hub, one } = three;
    const stranger = (await certify(mesh)).nodeId as NodeId;
    for (const target of [stranger, one.node, hub.node])
      await expect(one.stoq.connect(relayAddress(hub.node, target))).rejects.toMatchObject({
        code: 'stoq/unreachable',
      });
    await expect(one.stoq.connect(relayAddress(stranger, hub.node))).rejects.toMatchObject({
      code: 'stoq/unreachable',
    });
    await expect(one.stoq.connect('relay://nobody/else')).rejects.toMatchObject({ code: 'stoq/bad-address' });
  });

  it('ends what it carried when the session under it ends', async () => {
    await using three = await openThree();
    const { hub, one, other } = three;
    const peer = await one.stoq.connect(relayAddress(hub.node, other.node), { expect: other.node });
    await hub.stoq.close();
    await peer.closed;
  });

  it('keeps nothing of streams that have ended, however long their circuit lives', async () => {
    await using three = await openThree();
    const { hub, one, other } = three;
    const [through] = one.stoq.peers;
    if (through === undefined) throw new TypeError('one has a session with the hub');
    const counts = { ways: 0, abortedAtEnd: 0 };
    let isEnding = false;
    const { id, identity, address, closed } = through;
    const openStream: typeof through.openStream = async (name, options) => {
      const stream = await through.openStream(name, options);
      if (name !== wayStream) return stream;
      counts.ways += 1;
      const abort = stream.abort.bind(stream);
      stream.abort = () => {
        if (isEnding) counts.abortedAtEnd += 1;
        abort();
      };
      return stream;
    };
    const watched = { id, identity, address, closed, openStream } as typeof through;
    const node = { peers: [watched], handleStream: () => () => undefined } as unknown as StoqNode;
    one.carrier.attach(node, one.node, silentLog);
    other.stoq.handle('echo', (body) => body);
    const peer = await one.stoq.connect(relayAddress(hub.node, other.node), { expect: other.node });
    for (let asked = 0; asked < 30; asked += 1)
      expect((await peer.request('echo', Buffer.from('again'))).ok).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 200));
    isEnding = true;
    await peer.close();
    await peer.closed;
    expect(counts.ways).toBeGreaterThanOrEqual(30);
    expect(counts.abortedAtEnd).toBeLessThan(5);
  });

  it('opens no more circuits than its bounds, and ends one that has carried its bytes', async () => {
    await using three = await openThree(
      createRelay({ limits: { circuitsEach: 1, bytesPerCircuit: 500_000 } }),
    );
    const { hub, one, other } = three;
    const address = relayAddress(hub.node, other.node);
    other.stoq.handle('echo', (body) => body);
    const peer = await one.stoq.connect(address, { expect: other.node });
    await expect(one.stoq.connect(address)).rejects.toMatchObject({ code: 'stoq/unreachable' });
    const answer = await peer.request('echo', Buffer.alloc(400_000));
    expect(answer.ok).toBe(false);
    await peer.closed;
  });
});

describe('the carrier over circuits', () => {
  const opened: AsyncDisposable[] = [];
  afterAll(async () => {
    for (const three of opened) await three[Symbol.asyncDispose]();
  });
  it.each(['bytes', 'reset', 'close'])(
    'keeps the promises of the port that a session needs: %s',
    async (what) => {
      const three = await openThree();
      opened.push(three);
      const { hub, one, other } = three;
      const listener = await other.carrier.listen(relayListen).catch(() => undefined);
      expect(listener).toBeDefined();
      const peer = await one.stoq.connect(relayAddress(hub.node, other.node), { expect: other.node });
      const taken = Promise.withResolvers<unknown>();
      other.stoq.handleStream('pipe', async (stream) => {
        const got: Buffer[] = [];
        try {
          for await (const piece of stream.source) got.push(Buffer.from(piece));
          taken.resolve(Buffer.concat(got).toString());
        } catch (error) {
          taken.resolve(error);
        }
      });
      const stream = await peer.openStream('pipe');
      await stream.write(Buffer.from('some '));
      if (what === 'bytes') {
        await stream.write(Buffer.from('bytes'));
        await stream.closeWrite();
        expect(await taken.promise).toBe('some bytes');
      } else if (what === 'reset') {
        stream.abort();
        expect(await taken.promise).toBeInstanceOf(Error);
      } else {
        await peer.close();
        expect(await taken.promise).toBeInstanceOf(Error);
      }
    },
  );
});
