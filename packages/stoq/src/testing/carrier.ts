import assert from 'node:assert/strict';
import type { Carrier, CarrierConnection, CarrierListener, CarrierStream } from '../ports.ts';
import type { ComplianceCase } from './compliance.ts';

/** What the suite needs of a carrier: one that listens and one that dials (may be the same), and an address for any port. */
export interface CarrierSubject {
  readonly listening: Carrier;
  readonly dialling: Carrier;
  readonly address: string;
}

interface Ends {
  readonly listener: CarrierListener;
  readonly near: CarrierConnection;
  readonly far: CarrierConnection;
}

/** The promises of the `Carrier` port. `create` is called once a case. */
export function carrierCompliance(create: () => CarrierSubject): readonly ComplianceCase[] {
  const connected = (name: string, check: (ends: Ends) => Promise<void>): ComplianceCase => ({
    name,
    async run() {
      const { listening, dialling, address } = create();
      const listener = await listening.listen(address);
      try {
        const [far, near] = await Promise.all([listener.accept(), dialling.dial(listener.address)]);
        assert.ok(far);
        await check({ listener, near, far });
        near.close();
      } finally {
        await listener.close();
      }
    },
  });

  return [
    {
      name: 'both ends compute the same binding, which names their connection alone',
      async run() {
        const { listening, dialling, address } = create();
        const listener = await listening.listen(address);
        const bindings: string[] = [];
        for (let round = 0; round < 2; round += 1) {
          const [far, near] = await Promise.all([listener.accept(), dialling.dial(listener.address)]);
          assert.ok(far);
          assert.deepEqual(Buffer.from(near.binding), Buffer.from(far.binding));
          bindings.push(Buffer.from(near.binding).toString('hex'));
          near.close();
        }
        await listener.close();
        assert.notEqual(bindings[0], bindings[1]);
      },
    },
    connected('bytes arrive whole and in order, then the end', async ({ near, far }) => {
      const [stream, other] = await openPair(near, far, Buffer.from('a'));
      await stream.write(Buffer.from('bc'));
      await stream.closeWrite();
      assert.equal((await readAll(other)).toString(), 'bc');
      assert.equal(await other.read(), undefined);
    }),
    connected('a closed side still receives', async ({ near, far }) => {
      const [stream, other] = await openPair(near, far, Buffer.from('a'));
      await stream.closeWrite();
      assert.equal((await readAll(other)).length, 0);
      await other.write(Buffer.from('late'));
      await other.closeWrite();
      assert.equal((await readAll(stream)).toString(), 'late');
    }),
    connected('a write waits while the other end does not read', async ({ near, far }) => {
      const [stream, other] = await openPair(near, far, Buffer.from('a'));
      const size = 32 * 2 ** 20;
      let isWritten = false;
      const writing = (async () => {
        for (let sent = 0; sent < size; sent += 2 ** 20) await stream.write(Buffer.alloc(2 ** 20));
        isWritten = true;
        await stream.closeWrite();
      })();
      // Another stream's round trip shows that the connection lives while the first one waits.
      const [second, answer] = await openPair(near, far, Buffer.from('x'));
      await answer.write(Buffer.from('y'));
      await second.read();
      assert.equal(isWritten, false);
      assert.equal((await readAll(other)).length, size);
      await writing;
    }),
    connected('a reset fails reads and writes of both ends', async ({ near, far }) => {
      const [stream, other] = await openPair(near, far, Buffer.from('a'));
      const pending = assert.rejects(stream.read());
      stream.reset();
      stream.reset();
      await pending;
      await assert.rejects(stream.write(Buffer.from('b')));
      await assert.rejects(readAll(other));
    }),
    connected('closing ends both ends and their streams', async ({ near, far }) => {
      const [stream, other] = await openPair(near, far, Buffer.from('a'));
      const reads = Promise.all([assert.rejects(readAll(other)), assert.rejects(readAll(stream))]);
      near.close();
      near.close();
      await Promise.all([near.closed, far.closed, reads]);
      assert.equal(await near.acceptStream(), undefined);
      assert.equal(await far.acceptStream(), undefined);
      await assert.rejects(near.openStream());
    }),
    {
      name: 'a closed listener hands out nothing and frees its address',
      async run() {
        const { listening, address } = create();
        const listener = await listening.listen(address);
        const pending = listener.accept();
        await listener.close();
        await listener.close();
        assert.equal(await pending, undefined);
        const again = await listening.listen(listener.address);
        assert.equal(again.address, listener.address);
        await again.close();
      },
    },
    {
      name: 'an aborted dial says that it was cancelled',
      async run() {
        const { listening, dialling, address } = create();
        const listener = await listening.listen(address);
        try {
          const dial = dialling.dial(listener.address, { signal: AbortSignal.abort() });
          await assert.rejects(dial, { code: 'stoq/cancelled' });
        } finally {
          await listener.close();
        }
      },
    },
    {
      name: 'what is no address is refused by name',
      async run() {
        const { listening, dialling } = create();
        for (const address of ['', 'nothing', 'tcp://[::1]:1', '://', `${listening.kind}://`]) {
          await assert.rejects(listening.listen(address), { code: 'stoq/bad-address' });
          await assert.rejects(dialling.dial(address), { code: 'stoq/bad-address' });
        }
      },
    },
  ];
}

/** Opens a stream and writes `first`, so that carriers which announce streams by their data show it. */
async function openPair(
  near: CarrierConnection,
  far: CarrierConnection,
  first: Uint8Array,
): Promise<[CarrierStream, CarrierStream]> {
  const accepting = far.acceptStream();
  const stream = await near.openStream();
  await stream.write(first);
  const other = await accepting;
  assert.ok(other);
  assert.deepEqual(Buffer.from((await other.read()) ?? []), Buffer.from(first));
  return [stream, other];
}

async function readAll(stream: CarrierStream): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const bytes = await stream.read();
    if (bytes === undefined) return Buffer.concat(parts);
    parts.push(bytes);
  }
}
