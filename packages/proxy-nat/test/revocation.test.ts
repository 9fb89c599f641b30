import { systemClock, systemRandom } from '@hypermesh/core/node';
import { expect, test } from 'vitest';
import { createMemoryClient, faultIn, wordsOf } from '../src/index.ts';
import { connectTcp, listenTcp } from '../src/tcp/index.ts';
import { createMemoryLink } from '../src/testing/index.ts';
import { operations } from '../src/wire/layout.ts';
import { encodeRequests, putRange } from '../src/wire/requests.ts';
import { openHome } from './support.ts';

test('of 100,000 operations that race revocations over TCP, none takes effect and none succeeds after the revocation resolved [proxy-02]', async () => {
  const arena = new ArrayBuffer(2 ** 20);
  const { server } = openHome({ arena });
  const counters = new BigUint64Array(arena);
  await using listener = await listenTcp({}, (channel) => void server.serve(channel, 'bob'));
  let operationsAsked = 0;
  let succeededBefore = 0;
  let refused = 0;
  for (let round = 0; round < 10; round += 1) {
    const region = server.lend({ sizeBytes: 4096, expiresMs: Date.now() + 600_000 });
    const { token, grant } = region.grant({ grantee: 'bob' });
    const clients = Array.from({ length: 4 }, () =>
      createMemoryClient({
        connect: () => connectTcp({ port: listener.port }),
        clock: systemClock,
        random: systemRandom,
      }),
    );
    const memories = await Promise.all(clients.map((client) => client.attach(token)));
    let isResolved = false;
    let atResolution = 0n;
    let lateSuccesses = 0;
    let revoking: Promise<unknown> | undefined;
    const use = async (memory: (typeof memories)[number], share: number): Promise<void> => {
      for (let left = share; left > 0; left -= 50) {
        const wasResolved = isResolved;
        if (revoking === undefined && left < share / 2) {
          revoking = server.revoke(grant.id).then(() => {
            isResolved = true;
            atResolution = counters[0] ?? 0n;
          });
        }
        const batch = Array.from({ length: 50 }, (_, n) =>
          n % 5 === 0 ? memory.read(8, 8) : memory.fetchAdd64(0, 1n),
        );
        operationsAsked += batch.length;
        for (const outcome of await Promise.allSettled(batch)) {
          if (outcome.status === 'fulfilled') {
            if (wasResolved) lateSuccesses += 1;
            else succeededBefore += 1;
          } else {
            expect(faultIn(outcome.reason)).toBe('Revoked');
            refused += 1;
          }
        }
      }
    };
    await Promise.all(memories.map((memory) => use(memory, 2_500)));
    await revoking;
    expect(lateSuccesses).toBe(0);
    expect(counters[0]).toBe(atResolution);
    for (const client of clients) client.close();
    await region.close();
  }
  expect(operationsAsked).toBeGreaterThanOrEqual(100_000);
  expect(succeededBefore).toBeGreaterThan(10_000);
  expect(refused).toBeGreaterThan(10_000);
}, 120_000);

test('a peer that takes no answers cannot hold up a revocation: its channel is closed and what it had waiting is not applied', async () => {
  const arena = new ArrayBuffer(4096);
  const { server, client } = openHome({ arena, limits: { drainMs: 5 } });
  const region = server.lend({ sizeBytes: 4096, expiresMs: Date.now() + 60_000 });
  const { token, grant } = region.grant({ grantee: 'bob' });
  const link = createMemoryLink();
  const never = new Promise<void>(() => undefined);
  let isFull = false;
  const home = {
    ...link.home,
    send: (frame: Uint8Array) => {
      void link.home.send(frame);
      return isFull ? never : undefined;
    },
  };
  server.serve(home, 'bob');
  const asking = createMemoryClient({
    connect: async () => link.client,
    clock: systemClock,
    random: systemRandom,
  });
  const memory = await asking.attach(token);
  isFull = true;
  const payload = Buffer.alloc(28);
  putRange(payload, 0, wordsOf(memory.address), 8);
  payload.writeBigUInt64LE(1n, 20);
  const add = (id: number) =>
    encodeRequests([{ operation: operations.fetchAdd64, id, payload, ranges: 1 }], 1_000, () => 1);
  for (let id = 1_000; id < 1_010; id += 1) void link.client.send(add(id));
  await new Promise((resolve) => setImmediate(resolve));
  const word = new BigUint64Array(arena);
  expect(word[0]).toBe(1n);
  expect(await server.revoke(grant.id)).toBe(true);
  expect(word[0]).toBe(1n);
  asking.close();
  void client;
});

test('more requests than may wait on a channel are Busy, and the client brings them through by itself', async () => {
  const { server } = openHome({ limits: { queuedRequests: 8 } });
  const region = server.lend({ sizeBytes: 4096, expiresMs: Date.now() + 60_000 });
  const client = createMemoryClient(
    {
      connect: async () => {
        const link = createMemoryLink();
        server.serve(link.home, 'bob');
        return link.client;
      },
      clock: systemClock,
      random: systemRandom,
    },
    { pauseMs: 1 },
  );
  const memory = await client.attach(region.grant({ grantee: 'bob' }).token);
  await Promise.all(Array.from({ length: 200 }, () => memory.fetchAdd64(0, 1n)));
  expect(await memory.fetchAdd64(0, 0n)).toBe(200n);
  client.close();
});
